#include "interposed.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Thread_local const struct hf_disk *disk;

void hf_use_disk(const struct hf_disk *new) { disk = new; }

/* Descriptors of the disk begin here, far above any that the kernel gives. */
enum { FIRST = 1 << 30 };

static int is_ours(int fd) { return disk && fd >= FIRST; }
static int is_simulated(const char *path) {
  return disk && path && strncmp(path, "/simulated", 10) == 0;
}

static int64_t answer(int64_t result) {
  if (result >= 0) return result;
  errno = (int)-result;
  return -1;
}

#define NEXT(name) \
  ({ \
    static __typeof__(&name) next; \
    if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
    next; \
  })

int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (!is_simulated(path)) return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  int fd = disk->open(disk->context, path, flags, mode);
  return (int)answer(fd < 0 ? fd : fd + FIRST);
}

int close(int fd) {
  if (!is_ours(fd)) return (int)syscall(SYS_close, fd);
  return (int)answer(disk->close(disk->context, fd - FIRST));
}

ssize_t read(int fd, void *to, size_t count) {
  if (!is_ours(fd)) return syscall(SYS_read, fd, to, count);
  return answer(disk->read(disk->context, fd - FIRST, -1, to, count));
}

ssize_t pread(int fd, void *to, size_t count, off_t offset) {
  if (!is_ours(fd)) return syscall(SYS_pread64, fd, to, count, offset);
  return answer(disk->read(disk->context, fd - FIRST, offset, to, count));
}

ssize_t write(int fd, const void *from, size_t count) {
  if (!is_ours(fd)) return syscall(SYS_write, fd, from, count);
  return answer(disk->write(disk->context, fd - FIRST, -1, from, count));
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t offset) {
  if (!is_ours(fd)) return syscall(SYS_pwrite64, fd, from, count, offset);
  return answer(disk->write(disk->context, fd - FIRST, offset, from, count));
}

int fsync(int fd) {
  if (!is_ours(fd)) return (int)syscall(SYS_fsync, fd);
  return (int)answer(disk->sync(disk->context, fd - FIRST));
}

int fdatasync(int fd) {
  if (!is_ours(fd)) return (int)syscall(SYS_fdatasync, fd);
  return (int)answer(disk->sync(disk->context, fd - FIRST));
}

int ftruncate(int fd, off_t size) {
  if (!is_ours(fd)) return (int)syscall(SYS_ftruncate, fd, size);
  return (int)answer(disk->truncate(disk->context, fd - FIRST, size));
}

int fallocate(int fd, int mode, off_t offset, off_t length) {
  if (!is_ours(fd)) return (int)syscall(SYS_fallocate, fd, mode, offset, length);
  return (int)answer(disk->allocate(disk->context, fd - FIRST, offset + length));
}

static void fill(struct stat *out, const struct hf_status *in) {
  memset(out, 0, sizeof *out);
  out->st_dev = 0x5111;
  out->st_ino = in->inode;
  out->st_mode = in->mode;
  out->st_nlink = 1;
  out->st_uid = geteuid();
  out->st_gid = getegid();
  out->st_size = in->size;
  out->st_blksize = 4096;
  out->st_blocks = in->blocks;
  out->st_ctim.tv_sec = out->st_mtim.tv_sec = in->changed / 1000000000;
  out->st_ctim.tv_nsec = out->st_mtim.tv_nsec = in->changed % 1000000000;
}

int fstat(int fd, struct stat *out) {
  if (!is_ours(fd)) return (int)syscall(SYS_newfstatat, fd, "", out, AT_EMPTY_PATH);
  struct hf_status status;
  int result = disk->status(disk->context, NULL, fd - FIRST, &status);
  if (result == 0) fill(out, &status);
  return (int)answer(result);
}

int fstatat(int directory, const char *path, struct stat *out, int flags) {
  if (!is_simulated(path)) return (int)syscall(SYS_newfstatat, directory, path, out, flags);
  struct hf_status status;
  int result = disk->status(disk->context, path, -1, &status);
  if (result == 0) fill(out, &status);
  return (int)answer(result);
}

int statx(int directory, const char *path, int flags, unsigned mask, struct statx *out) {
  if (!is_simulated(path)) return (int)syscall(SYS_statx, directory, path, flags, mask, out);
  struct hf_status status;
  int result = disk->status(disk->context, path, -1, &status);
  if (result == 0) {
    memset(out, 0, sizeof *out);
    out->stx_mode = (uint16_t)status.mode;
    out->stx_attributes_mask = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND;
    out->stx_attributes = status.flags & out->stx_attributes_mask;
  }
  return (int)answer(result);
}

int ioctl(int fd, unsigned long request, ...) {
  va_list more;
  va_start(more, request);
  void *argument = va_arg(more, void *);
  va_end(more);
  if (!is_ours(fd)) return (int)syscall(SYS_ioctl, fd, request, argument);
  if (request == _IOW('f', 2, long)) {
    return (int)answer(disk->set_flags(disk->context, fd - FIRST, *(uint32_t *)argument));
  }
  if (request != _IOR('f', 1, long)) return (int)answer(-ENOTTY);
  struct hf_status status;
  int result = disk->status(disk->context, NULL, fd - FIRST, &status);
  if (result == 0) *(uint32_t *)argument = status.flags;
  return (int)answer(result);
}

int fcntl(int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  void *argument = va_arg(more, void *);
  va_end(more);
  if (!is_ours(fd)) return NEXT(fcntl)(fd, command, argument);
  if (command != F_DUPFD_CLOEXEC) return (int)answer(-EINVAL);
  int copy = disk->duplicate(disk->context, fd - FIRST);
  return (int)answer(copy < 0 ? copy : copy + FIRST);
}

int chmod(const char *path, mode_t mode) {
  if (!is_simulated(path)) return (int)syscall(SYS_fchmodat, AT_FDCWD, path, mode);
  return (int)answer(disk->chmod(disk->context, path, -1, mode));
}

int fchmod(int fd, mode_t mode) {
  if (!is_ours(fd)) return (int)syscall(SYS_fchmod, fd, mode);
  return (int)answer(disk->chmod(disk->context, NULL, fd - FIRST, mode));
}

int unlink(const char *path) {
  if (!is_simulated(path)) return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  return (int)answer(disk->unlink(disk->context, path, 0));
}

int rmdir(const char *path) {
  if (!is_simulated(path)) return (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
  return (int)answer(disk->unlink(disk->context, path, 1));
}

int rename(const char *from, const char *to) {
  if (!is_simulated(from)) {
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  }
  return (int)answer(disk->rename(disk->context, from, to));
}

int link(const char *from, const char *to) {
  if (!is_simulated(from)) {
    return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
  }
  return (int)answer(disk->link(disk->context, from, to));
}

int mkdir(const char *path, mode_t mode) {
  if (!is_simulated(path)) return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  return (int)answer(disk->mkdir(disk->context, path, mode));
}

int statvfs(const char *path, struct statvfs *out) {
  if (!is_simulated(path)) return NEXT(statvfs)(path, out);
  memset(out, 0, sizeof *out);
  out->f_frsize = out->f_bsize = 4096;
  out->f_bavail = out->f_bfree = (fsblkcnt_t)(disk->free(disk->context) / 4096);
  return 0;
}

int clock_gettime(clockid_t clock, struct timespec *out) {
  int64_t time = disk ? disk->clock(disk->context, clock) : -1;
  if (time < 0) return NEXT(clock_gettime)(clock, out);
  out->tv_sec = time / 1000000000;
  out->tv_nsec = time % 1000000000;
  return 0;
}

/* libsystemd's; 16 bytes. */
int sd_id128_get_boot(uint8_t *id);
int sd_id128_get_boot(uint8_t *id) {
  if (!disk) return NEXT(sd_id128_get_boot)(id);
  uint64_t boot = disk->boot(disk->context);
  memset(id, 0xB0, 16);
  memcpy(id, &boot, sizeof boot);
  return 0;
}

/* What fdopendir gives for a directory of the disk. */
struct listing {
  int fd;
  int number;
  struct dirent entry;
};

/* Those that are open on this thread. */
static _Thread_local struct listing *listings[4];

static struct listing **find(const void *stream) {
  for (size_t index = 0; index < sizeof listings / sizeof *listings; index++) {
    if (listings[index] == stream) return &listings[index];
  }
  return NULL;
}

DIR *fdopendir(int fd) {
  if (!is_ours(fd)) return NEXT(fdopendir)(fd);
  struct listing **place = find(NULL);
  struct listing *listing = place ? calloc(1, sizeof *listing) : NULL;
  if (!listing) {
    errno = ENOMEM;
    return NULL;
  }
  listing->fd = fd - FIRST;
  *place = listing;
  return (DIR *)listing;
}

struct dirent *readdir(DIR *stream) {
  if (!find(stream)) return NEXT(readdir)(stream);
  struct listing *listing = (struct listing *)stream;
  int found = disk->entry(disk->context, listing->fd, listing->number++, listing->entry.d_name);
  return found == 1 ? &listing->entry : NULL;
}

int closedir(DIR *stream) {
  struct listing **place = find(stream);
  if (!place) return NEXT(closedir)(stream);
  disk->close(disk->context, ((struct listing *)stream)->fd);
  free(*place);
  *place = NULL;
  return 0;
}
