/* The layout of a model file; private to model.c, model_read.c and model_read_score.c.
 *
 * All numbers little-endian, f32 and f64 as IEEE 754.
 *
 *     0  magic, 8 bytes: shows what it is, and breaks when sent as text
 *     8  u32 version
 *    12  u32 CRC-32 of everything but this field
 *    16  u64 length of the file
 *    24  u32 number of sections, u32 zero
 *    32  for each section: u32 kind, u32 flags, u64 offset, u64 length
 *        the sections, one after the other in this order, each padded with zeros
 *        to a multiple of 8
 *
 * These first 32 bytes mean the same in every version. A section of a kind
 * that a reader does not know is skipped, unless its flag says it is needed.
 *
 *     ORIG  char algorithm[16], char policy[16], u64 steps, u64 seed
 *     SONG  one for each piece: u32 length of name, u32 checksum, u32 slots,
 *           u32 notes, u32 first[slots + 1], name, pitch[notes]
 *     SCOR  one for each piece, in the same order: u32 onsets, u32 notes, u32 bars,
 *           u8 bars known, i8 sharps, u16 0, f64 quarter[onsets], f64 second[onsets],
 *           bars of f64 quarter, u32 number, u8 beats, u8 unit, u16 0;
 *           u32 first[onsets + 1], f32 length[notes], pitch[notes], hand[notes]
 *     DOUB  optional, behind a SCOR: u8 doubt[notes] of that score, in 255ths
 *     FING  optional: u8 fingers of the notes of all pieces, one after the other; 0: none is
 *           written
 *     PROC  u32 context, states, arcs, 0: rebuilt from the songs, then compared
 *     POLI  u32 inputs, actions, layers, width[6], u64 parameters (after a u32 that
 *           tells their form, 0 or MODEL_HALF), then the parameters as floats, or in
 *           half precision where none of them loses by it
 *     NETW  a network, as POLI; a model with these has no SONG, SCOR, PROC and POLI
 *     TRST  optional: the state of training, to go on from
 *
 * Version 1 had no SCOR; its networks are those of version 2. */
#ifndef PIECE_MODEL_FILE_H
#define PIECE_MODEL_FILE_H

#include "piece/model.h"
#include "rl/policy.h"

#include <string.h>

#define MODEL_MAGIC "AGRL\r\n\x1a\n"

#define MODEL_KIND(a, b, c, d)                                                                     \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

enum {
    MODEL_VERSION = 2,
    MODEL_SCORES_SINCE = 2, /* the first version with SCOR */
    MODEL_HEADER = 32,
    MODEL_ENTRY = 24,
    MODEL_CRC_AT = 12,
    MODEL_HALF = 1,   /* parameters of two bytes */
    MODEL_NEEDED = 1, /* the section's flag: a reader must understand it */
    MODEL_MAX_NAME = 255,
    MODEL_ORIGIN_BYTES = 48,
    MODEL_PROCESS_BYTES = 16,
    MODEL_SONG_BYTES = 16,
    MODEL_SCORE_BYTES = 16,
    MODEL_BAR_BYTES = 16,
    MODEL_POLICY_BYTES = 4 * (3 + POLICY_MAX_LAYERS + 1) + 8,
};

static const uint32_t MODEL_ORIGIN = MODEL_KIND('O', 'R', 'I', 'G');
static const uint32_t MODEL_SONG = MODEL_KIND('S', 'O', 'N', 'G');
static const uint32_t MODEL_SCORE = MODEL_KIND('S', 'C', 'O', 'R');
static const uint32_t MODEL_DOUBT = MODEL_KIND('D', 'O', 'U', 'B');
static const uint32_t MODEL_FINGERS = MODEL_KIND('F', 'I', 'N', 'G');
static const uint32_t MODEL_PROCESS = MODEL_KIND('P', 'R', 'O', 'C');
static const uint32_t MODEL_POLICY = MODEL_KIND('P', 'O', 'L', 'I');
static const uint32_t MODEL_NETWORK = MODEL_KIND('N', 'E', 'T', 'W');
static const uint32_t MODEL_TRAINING = MODEL_KIND('T', 'R', 'S', 'T');

struct model {
    struct song **songs;
    size_t song_count;
    struct process *process;
    struct policy *policy;
    struct policy *network[MODEL_MAX_NETWORKS];
    size_t network_count;
    struct model_origin origin;
    float *arc_probability;
    unsigned char *training;
    size_t training_length;
};

/* A part of the file, as the table says. */
struct section {
    const unsigned char *bytes;
    size_t length;
};

static inline uint32_t model_get_u32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t model_get_u64(const unsigned char *p)
{
    return model_get_u32(p) | (uint64_t)model_get_u32(p + 4) << 32;
}

static inline double model_get_double(const unsigned char *p)
{
    uint64_t bits = model_get_u64(p);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline float model_get_float(const unsigned char *p)
{
    uint32_t bits = model_get_u32(p);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The score of piece `index` of the file `name`; `doubt` is its section, without bytes where
 * there is none. NULL: error. */
struct score *model_read_score(struct section part, struct section doubt, const char *name,
                               size_t index, struct error *error);

/* Gives the pieces the fingerings of a section; of none where `part` is empty. */
int model_read_fingers(struct section part, const char *name, struct song *const *songs,
                       size_t count, struct error *error);

/* CRC-32 of a whole file but its CRC field; length >= MODEL_HEADER. */
uint32_t model_crc(const unsigned char *bytes, size_t length);

#endif
