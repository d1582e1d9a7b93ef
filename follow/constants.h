/* What is known of players before one plays: the constants of following.
 *
 * Each stands once, with its unit; docs/following.md tells what each was measured
 * on and how much it matters. Durations are in seconds, shares are probabilities.
 * Read-only while anything follows; set them (by name) before opening only. */
#ifndef FOLLOW_CONSTANTS_H
#define FOLLOW_CONSTANTS_H

/* name, value, what it is */
#define FOLLOW_CONSTANTS(X)                                                                        \
    X(stay_missing, .8625, "the next note is of the same onset, while notes of it are missing")    \
    X(stay_complete, .069, "the same once all have come")                                          \
    X(chord, .027, "mean time between notes of one onset")                                         \
    X(spread, .12, "mean time between notes of a spread chord")                                    \
    X(spread_share, .166, "notes of an onset that come so late")                                   \
    X(skip_one, .025, "one onset is left out")                                                     \
    X(skip_two, .005, "two are")                                                                   \
    X(skip_three, .003, "three are")                                                               \
    X(late, .0575, "the note is one still missing of the onsets before")                           \
    X(late_time, .05, "mean time that such a note is late")                                        \
    X(again, .0038, "a key near a note of the onset, or that note once more")                      \
    X(again_time, .075, "mean time since the note before it")                                      \
    X(extra, .023, "a note that is in no score")                                                   \
    X(back, .0078, "a step back")                                                                  \
    X(back_length, 4, "mean length of a step back, in onsets")                                     \
    X(turn, .003, "the policy is asked where the music goes on")                                   \
    X(switch_hand, .001, "from both hands to one, or from one to another")                         \
    X(switch_octave, .0001, "to another octave")                                                   \
    X(hand_apart, .1, "in another octave, it was one hand alone, or no longer is")                 \
    X(switch_key, 1e-5, "to another key")                                                          \
    X(leave, .00025, "the player leaves the known place")                                          \
    X(enter, .02, "a player at no known place begins at one")                                      \
    X(enter_line, 1, "... at one that a line of notes has found")                                  \
    X(away_start, .02, "no known piece is begun, a piece known")                                   \
    X(elsewhere_power, .6, "real music is foretold better than by us: power of its probability")   \
    X(begin_share, .7, "a piece is begun at its beginning")                                        \
    X(one_hand_share, .05, "of a beginning or jump: each hand alone")                              \
    X(transposed_share, .005, "of a beginning: each transposition")                                \
    X(tempo_core, .22, "deviation of log time, steady playing")                                    \
    X(tempo_wide, .35, "the same, expressive playing")                                             \
    X(tempo_wide_share, .55, "share of the latter")                                                \
    X(tempo_far, .9, "the same, anything")                                                         \
    X(tempo_far_share, .128, "share of the latter")                                                \
    X(pause_share, .04, "a hesitation: time with a long tail")                                     \
    X(jitter, .029, "deviation of a single onset's time")                                          \
    X(tempo_rate, .26, "how fast the tempo follows")                                               \
    X(even_rate, .04, "how fast the deviation of steady playing follows the player")               \
    X(even_prior, 5, "steps that the deviation before a player is known is worth")                 \
    X(even_least, .02, "least deviation ever believed")                                            \
    X(wrong_start, .05, "share of wrong notes before a player is known")                           \
    X(wrong_least, .01, "least share of wrong notes ever believed")                                \
    X(wrong_most, .6, "largest")                                                                   \
    X(wrong_rate, .003, "how fast that share follows the player")                                  \
    X(slip_around, .64, "of the wrong ones, one or two semitones off, evenly")                     \
    X(slip_any, .15, "anywhere within an octave, evenly")                                          \
    X(way_rate, .05, "how fast these follow the player")                                           \
    X(wrong_prior, 15, "notes that the share before a player is known is worth")                   \
    X(first_low, .2,                                                                               \
      "of an onset's notes the lowest missing comes next, before a player is known")               \
    X(first_high, .2, "the highest")                                                               \
    X(habit_rate, .01, "how fast these, and the shares of skips and extras, follow the player")    \
    X(extra_on_time, .5, "such a note comes when one of the score is due")                         \
    X(brush, .008, "a second key is brushed beside one that is struck")                            \
    X(brush_time, .012, "mean time between the two")                                               \
    X(extra_most, .08, "largest share of extra notes")                                             \
    X(extra_least, .01, "least share of extra notes")                                              \
    X(trill, .19, "an ornament takes a note of the onsets around")                                 \
    X(trill_reach, .16, "seconds an onset, at most, in an ornament")                               \
    X(edition, .23, "a note struck here before, in no score, against one that is")                 \
    X(merge_share, .6, "the same as a share of the usual gap, at most")                            \
    X(merge_gap, .07, "seconds in the score between onsets that are one position")                 \
    X(rhythm_gain, 8, "nats by which the rhythm must fit better at a place, to lead there")        \
    X(rhythm_jump, .1, "of those who leave a place, share that the rhythm's account has")          \
    X(prune, 1e-4, "hypotheses below this share are dropped")

struct follow_constants {
#define FOLLOW_FIELD(name, value, what) double name;
    FOLLOW_CONSTANTS(FOLLOW_FIELD)
#undef FOLLOW_FIELD
};

extern struct follow_constants follow_constants;

/* Sets "NAME=VALUE", to measure how much a constant matters. -1: no such name, no number. */
int follow_constants_set(const char *assignment);

#endif
