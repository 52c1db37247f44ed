/// This command's own version, which VERSION at the project's root says too. The daemon answers
/// `version` with its own: while one of them waits for a restart, they differ.
let commandVersion = "0.1.0"
