/// The version of every program here; VERSION at the project's root says the same.
///
/// Each program says the one that it was built with: while one of them waits for a restart, they
/// differ.
package let holdfastVersion = "0.1.0"
