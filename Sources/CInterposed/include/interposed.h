/* The calls of the C library with which the product reads, writes and syncs files, for paths below
 * /simulated answered by a disk in memory instead of the kernel, on a thread that asked for it.
 * Everything else is handed on. Whatever links this has them in the C library's place: tests only.
 *
 * So the code that is tested is the code that is shipped, down to the last system call, and needs no
 * seam of its own. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What stat(2) and statx(2) say of a file of the simulated disk. */
struct hf_status {
  uint32_t mode; /* with the kind */
  uint32_t flags; /* those of chattr(1) */
  uint64_t inode;
  int64_t size;
  int64_t blocks; /* of 512 bytes */
  int64_t changed; /* nanoseconds */
};

/* Each returns what the call of that name does, or a negative errno. A descriptor is the disk's own
 * number, from 0; a path begins with /simulated. */
struct hf_disk {
  void *context;
  int (*open)(void *context, const char *path, int flags, unsigned mode);
  int (*close)(void *context, int fd);
  /* At the descriptor's own position where the offset is negative; so for write. */
  int64_t (*read)(void *context, int fd, int64_t offset, void *to, size_t count);
  int64_t (*write)(void *context, int fd, int64_t offset, const void *from, size_t count);
  int (*sync)(void *context, int fd);
  int (*truncate)(void *context, int fd, int64_t size);
  int (*allocate)(void *context, int fd, int64_t end);
  int (*set_flags)(void *context, int fd, uint32_t flags);
  /* Of the descriptor where there is no path. */
  int (*status)(void *context, const char *path, int fd, struct hf_status *status);
  int (*chmod)(void *context, const char *path, int fd, unsigned mode);
  int (*unlink)(void *context, const char *path, int is_directory);
  int (*rename)(void *context, const char *from, const char *to);
  int (*link)(void *context, const char *existing, const char *at);
  int (*mkdir)(void *context, const char *path, unsigned mode);
  int (*duplicate)(void *context, int fd);
  /* 1 and the name of that number, or 0 behind the last. */
  int (*entry)(void *context, int fd, int number, char name[256]);
  int64_t (*free)(void *context);
  /* The boot's number, of which its id is made: sd_id128_get_boot(3). */
  uint64_t (*boot)(void *context);
  /* The clocks, in nanoseconds; negative: the real one. */
  int64_t (*clock)(void *context, int clock);
};

/* From now on this thread has that disk, or none. */
void hf_use_disk(const struct hf_disk *disk);
