/// The version of this program, the same as the package's.
let commandVersion = "0.1.0"
