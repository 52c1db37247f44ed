/* libsodium: Ed25519, SHA-256, Argon2id, XChaCha20-Poly1305. No wrapper is needed; the few size
 * constants that are macros over functions are written out in Swift. */
#pragma once

#include <sodium.h>
