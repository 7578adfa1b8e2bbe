/* Double SHA-256 over block headers: check answers of chips, search for answers.
 *
 * Plain C11, no Python headers; rig/work/native.py loads it with ctypes. Nothing here keeps
 * state, so every function may be called from any thread.
 */
#ifndef RIG_SHA256D_H
#define RIG_SHA256D_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define RIG_EXPORT __declspec(dllexport)
#else
#define RIG_EXPORT __attribute__((visibility("default")))
#endif

/* Raised whenever a signature or a meaning below changes: Python refuses any other number. */
#define RIG_ABI 1

#define RIG_FRAME_BYTES 11
#define RIG_HEADER_BYTES 80
#define RIG_JOB_IDS 16

/* Which code path does the hashing. Python must not ask for SHANI unless rig_has_shani(). */
enum rig_path { RIG_PORTABLE = 0, RIG_SHANI = 1 };

/* What one reply frame is; rig.work.verify.Outcome spells the same numbers. */
enum rig_outcome { RIG_GENUINE = 0, RIG_WRONG = 1, RIG_UNKNOWN_JOB = 2, RIG_CORRUPT = 3 };

RIG_EXPORT int rig_abi(void);

/* Whether this processor has the SHA extensions (and SSSE3, SSE4.1) this build can use. */
RIG_EXPORT int rig_has_shani(void);

/* Judge n frames of 11 bytes. templates: 16 headers of 80 bytes by job id; live: bit per job id
 * that has one. Writes n zero_bits (of the hash, at most 255; 0 when not hashed) and outcomes. */
RIG_EXPORT void rig_verify(const uint8_t *frames, size_t n, const uint8_t *templates, uint32_t live,
                           uint32_t required_zero_bits, uint8_t *zero_bits, uint8_t *outcome, int path);

/* The first word at or after `first`, of `count`, whose header hashes to required_zero_bits, or -1.
 * A word is header bytes 76..79 read most significant byte first; the search wraps at 2^32. */
RIG_EXPORT int64_t rig_mine(const uint8_t *header, uint32_t first, uint32_t count,
                            uint32_t required_zero_bits, int path);

#endif
