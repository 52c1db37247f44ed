/// The version of every program here; VERSION at the project's root says the same.
///
/// Each program says the one that it was built with: while one of them waits for a restart, they
/// differ.
package let holdfastVersion = "0.1.0"

/// When it was released, seconds since the epoch, as the changelog says: it is never earlier than
/// that where this runs.
package let holdfastReleased: Int64 = 1_763_726_400
