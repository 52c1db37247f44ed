/* libsystemd: the event loop, the bus, notification and ids. No wrapper is needed: every call that
 * Linux makes has a fixed argument list, which Swift imports as it is. */
#pragma once

// Types of the C library stay the Glibc module's, whichever module Swift loads first.
#pragma clang module import SwiftGlibc
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>
