internal import CLinux
internal import Glibc

/// How much of this process is in memory.
package enum ResidentCode {
  /// Gives back free memory (malloc_trim(3)), and code and constants that a daemon at rest does not
  /// touch again; what it does touch comes back from the page cache. Nothing is lost: only segments
  /// that are never written are given back (madvise(2), MADV_DONTNEED).
  package static func release() {
    _ = malloc_trim(0)
    _ = dl_iterate_phdr(
      { info, _, _ in
        guard let info = info?.pointee, let headers = info.dlpi_phdr else { return 0 }
        for index in 0..<Int(info.dlpi_phnum) {
          let header = headers[index]
          guard header.p_type == PT_LOAD, header.p_flags & UInt32(PF_W) == 0 else { continue }
          let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
          let start = (UInt(info.dlpi_addr) + UInt(header.p_vaddr)) & ~(page - 1)
          let end =
            (UInt(info.dlpi_addr) + UInt(header.p_vaddr) + UInt(header.p_memsz)) & ~(page - 1)
          if end > start, let address = UnsafeMutableRawPointer(bitPattern: start) {
            _ = madvise(address, Int(end - start), MADV_DONTNEED)
          }
        }
        return 0
      }, nil)
  }
}
