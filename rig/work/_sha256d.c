/* See _sha256d.h. SHA-256 as in FIPS 180-4; the frame's check as in 256foundation/mujina
 * mujina-miner/src/asic/bm13xx/REFERENCE.md (CRC-5, polynomial 0x05, start 0x1F, residue 0). */
#include "_sha256d.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_SHANI_CODE 1
#include <cpuid.h>
#include <immintrin.h>
#else
#define HAVE_SHANI_CODE 0
#endif

static const uint32_t K[64] __attribute__((aligned(64))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static const uint32_t START[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* CRC-5 of one byte, in the top five bits, so that a step is one look-up. */
static const uint8_t CRC5[256] = {
    0x00, 0x28, 0x50, 0x78, 0xa0, 0x88, 0xf0, 0xd8, 0x68, 0x40, 0x38, 0x10, 0xc8, 0xe0, 0x98, 0xb0,
    0xd0, 0xf8, 0x80, 0xa8, 0x70, 0x58, 0x20, 0x08, 0xb8, 0x90, 0xe8, 0xc0, 0x18, 0x30, 0x48, 0x60,
    0x88, 0xa0, 0xd8, 0xf0, 0x28, 0x00, 0x78, 0x50, 0xe0, 0xc8, 0xb0, 0x98, 0x40, 0x68, 0x10, 0x38,
    0x58, 0x70, 0x08, 0x20, 0xf8, 0xd0, 0xa8, 0x80, 0x30, 0x18, 0x60, 0x48, 0x90, 0xb8, 0xc0, 0xe8,
    0x38, 0x10, 0x68, 0x40, 0x98, 0xb0, 0xc8, 0xe0, 0x50, 0x78, 0x00, 0x28, 0xf0, 0xd8, 0xa0, 0x88,
    0xe8, 0xc0, 0xb8, 0x90, 0x48, 0x60, 0x18, 0x30, 0x80, 0xa8, 0xd0, 0xf8, 0x20, 0x08, 0x70, 0x58,
    0xb0, 0x98, 0xe0, 0xc8, 0x10, 0x38, 0x40, 0x68, 0xd8, 0xf0, 0x88, 0xa0, 0x78, 0x50, 0x28, 0x00,
    0x60, 0x48, 0x30, 0x18, 0xc0, 0xe8, 0x90, 0xb8, 0x08, 0x20, 0x58, 0x70, 0xa8, 0x80, 0xf8, 0xd0,
    0x70, 0x58, 0x20, 0x08, 0xd0, 0xf8, 0x80, 0xa8, 0x18, 0x30, 0x48, 0x60, 0xb8, 0x90, 0xe8, 0xc0,
    0xa0, 0x88, 0xf0, 0xd8, 0x00, 0x28, 0x50, 0x78, 0xc8, 0xe0, 0x98, 0xb0, 0x68, 0x40, 0x38, 0x10,
    0xf8, 0xd0, 0xa8, 0x80, 0x58, 0x70, 0x08, 0x20, 0x90, 0xb8, 0xc0, 0xe8, 0x30, 0x18, 0x60, 0x48,
    0x28, 0x00, 0x78, 0x50, 0x88, 0xa0, 0xd8, 0xf0, 0x40, 0x68, 0x10, 0x38, 0xe0, 0xc8, 0xb0, 0x98,
    0x48, 0x60, 0x18, 0x30, 0xe8, 0xc0, 0xb8, 0x90, 0x20, 0x08, 0x70, 0x58, 0x80, 0xa8, 0xd0, 0xf8,
    0x98, 0xb0, 0xc8, 0xe0, 0x38, 0x10, 0x68, 0x40, 0xf0, 0xd8, 0xa0, 0x88, 0x50, 0x78, 0x00, 0x28,
    0xc0, 0xe8, 0x90, 0xb8, 0x60, 0x48, 0x30, 0x18, 0xa8, 0x80, 0xf8, 0xd0, 0x08, 0x20, 0x58, 0x70,
    0x10, 0x38, 0x40, 0x68, 0xb0, 0x98, 0xe0, 0xc8, 0x78, 0x50, 0x28, 0x00, 0xd8, 0xf0, 0x88, 0xa0,
};

#define PAD 0x80000000u
#define HEADER_BITS 640u
#define DIGEST_BITS 256u

static uint32_t swap32(uint32_t x)
{
    return x << 24 | (x & 0xff00u) << 8 | (x >> 8 & 0xff00u) | x >> 24;
}

static uint32_t read_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A header as SHA-256 sees it: twenty words, most significant byte first. */
struct words { uint32_t w[20]; };

static void read_header(struct words *out, const uint8_t *header)
{
    for (int i = 0; i < 20; i++) out->w[i] = read_be32(header + 4 * i);
}

/* Leading zero bits of a digest read as the little-endian number that targets compare with. */
static uint32_t count_zero_bits(const uint32_t digest[8])
{
    uint32_t zeros = 0;
    for (int i = 7; i >= 0; i--) {
        uint32_t word = swap32(digest[i]);
        if (word == 0) { zeros += 32; continue; }
        while (!(word & 0x80000000u)) { word <<= 1; zeros++; }
        break;
    }
    return zeros > 255 ? 255 : zeros;
}

/* ---- portable ---------------------------------------------------------------------------- */

static uint32_t ror(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void compress(uint32_t state[8], const uint32_t block[16])
{
    uint32_t w[64];
    memcpy(w, block, 64);
    for (int i = 16; i < 64; i++) {
        uint32_t s0 = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; i++) {
        uint32_t t1 = h + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + (g ^ (e & (f ^ g))) + K[i] + w[i];
        uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + ((a & b) | (c & (a | b)));
        h = g; g = f; f = e; e = d + t1;
        d = c; c = b; b = a; a = t1 + t2;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d;
    state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/* Everything after a header's first block: its last four words, then the second SHA-256. */
static void finish(const uint32_t midstate[8], const uint32_t tail[4], uint32_t digest[8])
{
    uint32_t block[16] = {tail[0], tail[1], tail[2], tail[3], PAD, [15] = HEADER_BITS};
    uint32_t again[16] = {[8] = PAD, [15] = DIGEST_BITS};
    memcpy(again, midstate, 32);
    compress(again, block);
    memcpy(digest, START, 32);
    compress(digest, again);
}

static uint32_t zero_bits_portable(const struct words *header)
{
    uint32_t midstate[8], digest[8];
    memcpy(midstate, START, 32);
    compress(midstate, header->w);
    finish(midstate, header->w + 16, digest);
    return count_zero_bits(digest);
}

static int64_t mine_portable(const uint32_t midstate[8], uint32_t tail[4], uint32_t count, uint32_t required)
{
    for (; count > 0; count--, tail[3]++) {
        uint32_t digest[8];
        finish(midstate, tail, digest);
        if (count_zero_bits(digest) >= required) return tail[3];
    }
    return -1;
}

/* ---- SHA extensions: two headers at a time, as one alone waits on its own latencies -------- */

#if HAVE_SHANI_CODE

#define NI __attribute__((target("sha,ssse3,sse4.1")))
#define NI_INLINE NI __attribute__((always_inline)) static inline
#define BOTH for (int j = 0; j < 2; j++)

/* The working variables in the order sha256rnds2 wants them. */
struct pair { __m128i abef[2], cdgh[2]; };
struct block { __m128i m[2][4]; };

NI_INLINE void load_state(struct pair *s, const uint32_t words[8])
{
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)words), 0xB1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(words + 4)), 0x1B);
    BOTH {
        s->abef[j] = _mm_alignr_epi8(low, high, 8);
        s->cdgh[j] = _mm_blend_epi16(high, low, 0xF0);
    }
}

/* Words a..d and e..h of one lane. */
NI_INLINE void plain_words(const struct pair *s, int j, __m128i *low, __m128i *high)
{
    __m128i feba = _mm_shuffle_epi32(s->abef[j], 0x1B);
    __m128i dchg = _mm_shuffle_epi32(s->cdgh[j], 0xB1);
    *low = _mm_blend_epi16(feba, dchg, 0xF0);
    *high = _mm_alignr_epi8(dchg, feba, 8);
}

NI_INLINE void four_rounds(struct pair *s, const struct block *b, int part, int group)
{
    __m128i k = _mm_load_si128((const __m128i *)(K + 4 * group));
    BOTH {
        __m128i wk = _mm_add_epi32(b->m[j][part], k);
        s->cdgh[j] = _mm_sha256rnds2_epu32(s->cdgh[j], s->abef[j], wk);
        s->abef[j] = _mm_sha256rnds2_epu32(s->abef[j], s->cdgh[j], _mm_shuffle_epi32(wk, 0x0E));
    }
}

/* The next four message words take the place of the oldest four. */
NI_INLINE void schedule(struct block *b, int p0, int p1, int p2, int p3)
{
    BOTH {
        __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(b->m[j][p0], b->m[j][p1]),
                                    _mm_alignr_epi8(b->m[j][p3], b->m[j][p2], 4));
        b->m[j][p0] = _mm_sha256msg2_epu32(sum, b->m[j][p3]);
    }
}

NI_INLINE void sixteen_rounds(struct pair *s, struct block *b, int group)
{
    schedule(b, 0, 1, 2, 3); four_rounds(s, b, 0, group);
    schedule(b, 1, 2, 3, 0); four_rounds(s, b, 1, group + 1);
    schedule(b, 2, 3, 0, 1); four_rounds(s, b, 2, group + 2);
    schedule(b, 3, 0, 1, 2); four_rounds(s, b, 3, group + 3);
}

NI_INLINE void compress_pair(struct pair *s, struct block *b)
{
    struct pair before = *s;
    four_rounds(s, b, 0, 0); four_rounds(s, b, 1, 1); four_rounds(s, b, 2, 2); four_rounds(s, b, 3, 3);
    sixteen_rounds(s, b, 4); sixteen_rounds(s, b, 8); sixteen_rounds(s, b, 12);
    BOTH {
        s->abef[j] = _mm_add_epi32(s->abef[j], before.abef[j]);
        s->cdgh[j] = _mm_add_epi32(s->cdgh[j], before.cdgh[j]);
    }
}

/* From midstates in s and the headers' last words in tail to the second digests, in s. */
NI_INLINE void finish_pair(struct pair *s, const __m128i tail[2])
{
    struct block b;
    BOTH {
        b.m[j][0] = tail[j];
        b.m[j][1] = _mm_set_epi32(0, 0, 0, (int)PAD);
        b.m[j][2] = _mm_setzero_si128();
        b.m[j][3] = _mm_set_epi32((int)HEADER_BITS, 0, 0, 0);
    }
    compress_pair(s, &b);
    BOTH {
        plain_words(s, j, &b.m[j][0], &b.m[j][1]);
        b.m[j][2] = _mm_set_epi32(0, 0, 0, (int)PAD);
        b.m[j][3] = _mm_set_epi32((int)DIGEST_BITS, 0, 0, 0);
    }
    load_state(s, START);
    compress_pair(s, &b);
}

/* Digest word 7 (h, in lane 0 of cdgh): its bytes lead the number that targets compare with. */
NI_INLINE uint32_t last_word(const struct pair *s, int j)
{
    return (uint32_t)_mm_cvtsi128_si32(s->cdgh[j]);
}

NI_INLINE uint32_t zero_bits_of_lane(const struct pair *s, int j)
{
    uint32_t top = swap32(last_word(s, j));
    if (top) return (uint32_t)__builtin_clz(top);
    __m128i low, high;
    uint32_t digest[8];
    plain_words(s, j, &low, &high);
    _mm_storeu_si128((__m128i *)digest, low);
    _mm_storeu_si128((__m128i *)(digest + 4), high);
    return count_zero_bits(digest);
}

/* Two headers: the job's words, with the rolled version and the nonce put in on the way, as a
 * store of four bytes followed by a load of sixteen would stall. */
struct answer { const struct words *job; uint32_t version, word; };

NI static void zero_bits_pair(const struct answer a[2], uint32_t zeros[2])
{
    struct pair s;
    struct block b;
    __m128i tail[2];
    BOTH {
        const __m128i *w = (const __m128i *)a[j].job->w;
        b.m[j][0] = _mm_insert_epi32(_mm_loadu_si128(w), (int)a[j].version, 0);
        b.m[j][1] = _mm_loadu_si128(w + 1);
        b.m[j][2] = _mm_loadu_si128(w + 2);
        b.m[j][3] = _mm_loadu_si128(w + 3);
        tail[j] = _mm_insert_epi32(_mm_loadu_si128(w + 4), (int)a[j].word, 3);
    }
    load_state(&s, START);
    compress_pair(&s, &b);
    finish_pair(&s, tail);
    BOTH zeros[j] = zero_bits_of_lane(&s, j);
}

NI static int64_t mine_shani(const uint32_t midstate[8], const uint32_t tail[4], uint32_t count, uint32_t required)
{
    __m128i words = _mm_loadu_si128((const __m128i *)tail);
    uint32_t wanted = required < 32 ? required : 32;
    uint32_t mask = wanted ? swap32(0xffffffffu << (32 - wanted)) : 0;
    struct pair from, s;
    load_state(&from, midstate);
    for (uint32_t i = 0; i < count; i += 2) {
        __m128i last[2];
        BOTH last[j] = _mm_insert_epi32(words, (int)(tail[3] + i + (uint32_t)j), 3);
        s = from;
        finish_pair(&s, last);
        BOTH {
            if (last_word(&s, j) & mask) continue;
            if (i + (uint32_t)j < count && zero_bits_of_lane(&s, j) >= required)
                return (uint32_t)(tail[3] + i + (uint32_t)j);
        }
    }
    return -1;
}

#endif

/* ---- what Python calls --------------------------------------------------------------------- */

int rig_abi(void) { return RIG_ABI; }

int rig_has_shani(void)
{
#if HAVE_SHANI_CODE
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) return 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
#else
    return 0;
#endif
}

static uint8_t frame_outcome(const uint8_t *frame, uint32_t live)
{
    uint8_t crc = 0x1f << 3;
    for (int i = 2; i < RIG_FRAME_BYTES; i++) crc = CRC5[crc ^ frame[i]];
    if (crc) return RIG_CORRUPT;
    return live >> (frame[7] >> 4) & 1 ? RIG_GENUINE : RIG_UNKNOWN_JOB;
}

/* The version word as hashed: the job's own bits, or'ed with the rolled ones from bit 13 up. */
static uint32_t rolled_version(const struct words *job, const uint8_t *frame)
{
    uint32_t rolled = ((uint32_t)frame[8] << 8 | frame[9]) << 13;
    return job->w[0] | swap32(rolled);
}

static void set_result(uint32_t zeros, uint32_t required, uint8_t *zero_bits, uint8_t *outcome)
{
    *zero_bits = (uint8_t)zeros;
    *outcome = zeros >= required ? RIG_GENUINE : RIG_WRONG;
}

static void hash_portable(const uint8_t *frames, size_t n, const struct words jobs[RIG_JOB_IDS],
                          uint32_t required, uint8_t *zero_bits, uint8_t *outcome)
{
    for (size_t i = 0; i < n; i++) {
        if (outcome[i] != RIG_GENUINE) continue;
        const uint8_t *frame = frames + RIG_FRAME_BYTES * i;
        const struct words *job = &jobs[frame[7] >> 4];
        struct words header = *job;
        header.w[0] = rolled_version(job, frame);
        header.w[19] = read_be32(frame + 2);
        set_result(zero_bits_portable(&header), required, zero_bits + i, outcome + i);
    }
}

#if HAVE_SHANI_CODE
static void hash_shani(const uint8_t *frames, size_t n, const struct words jobs[RIG_JOB_IDS],
                       uint32_t required, uint8_t *zero_bits, uint8_t *outcome)
{
    struct answer waiting[2];
    size_t row[2];
    uint32_t zeros[2];
    int held = 0;
    for (size_t i = 0; i < n; i++) {
        if (outcome[i] != RIG_GENUINE) continue;
        const uint8_t *frame = frames + RIG_FRAME_BYTES * i;
        const struct words *job = &jobs[frame[7] >> 4];
        waiting[held] = (struct answer){job, rolled_version(job, frame), read_be32(frame + 2)};
        row[held++] = i;
        if (held < 2) continue;
        zero_bits_pair(waiting, zeros);
        for (int j = 0; j < 2; j++) set_result(zeros[j], required, zero_bits + row[j], outcome + row[j]);
        held = 0;
    }
    if (held) {
        waiting[1] = waiting[0];
        zero_bits_pair(waiting, zeros);
        set_result(zeros[0], required, zero_bits + row[0], outcome + row[0]);
    }
}
#endif

void rig_verify(const uint8_t *frames, size_t n, const uint8_t *templates, uint32_t live,
                uint32_t required_zero_bits, uint8_t *zero_bits, uint8_t *outcome, int path)
{
    struct words jobs[RIG_JOB_IDS];
    for (int id = 0; id < RIG_JOB_IDS; id++)
        if (live >> id & 1) read_header(&jobs[id], templates + RIG_HEADER_BYTES * id);
    memset(zero_bits, 0, n);
    for (size_t i = 0; i < n; i++) outcome[i] = frame_outcome(frames + RIG_FRAME_BYTES * i, live);
#if HAVE_SHANI_CODE
    if (path == RIG_SHANI) {
        hash_shani(frames, n, jobs, required_zero_bits, zero_bits, outcome);
        return;
    }
#endif
    (void)path;
    hash_portable(frames, n, jobs, required_zero_bits, zero_bits, outcome);
}

int64_t rig_mine(const uint8_t *header, uint32_t first, uint32_t count, uint32_t required_zero_bits, int path)
{
    struct words words;
    uint32_t midstate[8];
    read_header(&words, header);
    words.w[19] = first;
    memcpy(midstate, START, 32);
    compress(midstate, words.w);
#if HAVE_SHANI_CODE
    if (path == RIG_SHANI) return mine_shani(midstate, words.w + 16, count, required_zero_bits);
#endif
    (void)path;
    return mine_portable(midstate, words.w + 16, count, required_zero_bits);
}
