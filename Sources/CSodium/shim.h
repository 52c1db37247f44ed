/* libsodium: Ed25519, SHA-256, Argon2id, XChaCha20-Poly1305. No wrapper is needed; the few size
 * constants that are macros over functions are written out in Swift. */
#pragma once

// Types of the C library stay the Glibc module's, whichever module Swift loads first.
#pragma clang module import SwiftGlibc
#include <sodium.h>
