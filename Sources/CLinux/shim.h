/* What Swift's Glibc module does not offer: variadic functions, macros it cannot import, and calls
 * younger than the C library of the oldest system we build on. Each says why it is here. */
#pragma once

// Types of the C library stay the Glibc module's, whichever module Swift loads first.
#pragma clang module import SwiftGlibc
#include <errno.h>
#include <fcntl.h>
#include <malloc.h> /* malloc_trim: not in the Glibc module */
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/xattr.h> /* not in the Glibc module */
#include <unistd.h>

/* ioctl(2) is variadic. The numbers say long, but the kernel reads and writes an int; <linux/fs.h>,
 * which has them, collides with <sys/mount.h>. */
static inline int hf_get_inode_flags(int fd, uint32_t *flags) {
  return ioctl(fd, _IOR('f', 1, long), flags);
}
static inline int hf_set_inode_flags(int fd, const uint32_t *flags) {
  return ioctl(fd, _IOW('f', 2, long), flags);
}

/* ioctl(2) is variadic: FICLONE, which lives in <linux/fs.h> too. */
static inline int hf_clone_file(int target, int source) {
  return ioctl(target, _IOW(0x94, 9, int), source);
}

/* syscall(2) is variadic; glibc has pidfd_open and pidfd_send_signal only from 2.36. */
static inline int hf_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
static inline int hf_pidfd_send_signal(int pidfd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/* fcntl(2) is variadic, and the seals are in <linux/fcntl.h>, which collides with <fcntl.h>: nobody
 * shrinks it, grows it, or writes to it but through the mapping that is there already. */
static inline int hf_memfd_create(const char *name) {
  return (int)syscall(SYS_memfd_create, name, 1 | 2 /* MFD_CLOEXEC | MFD_ALLOW_SEALING */);
}
static inline int hf_seal_memory(int fd) {
  return fcntl(fd, 1024 + 9 /* F_ADD_SEALS */, 1 | 2 | 4 | 0x10 /* SEAL, SHRINK, GROW, FUTURE_WRITE */);
}

/* `struct ucred` needs _GNU_SOURCE where the Glibc module was built: unix(7), SO_PEERCRED. */
struct hf_ucred {
  int32_t pid;
  uint32_t uid;
  uint32_t gid;
};
_Static_assert(sizeof(struct hf_ucred) == 12, "SO_PEERCRED's layout");

/* Younger than some C libraries: Linux 4.13 and 6.5. */
enum { HF_SO_PEERGROUPS = 59, HF_SO_PEERPIDFD = 77 };
