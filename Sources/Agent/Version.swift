/// The version of every program here; VERSION at the project's root says the same.
package let holdfastVersion = "0.1.0"
