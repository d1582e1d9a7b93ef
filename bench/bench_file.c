/* What correcting a file costs, beside loading and saving it with libsmf alone.
 *
 *     bench_file AUDIOGENRL MODEL FILE.mid...
 *
 * Both are whole processes, from start to exit, run in turn: this program itself
 * doing no more than smf_load and smf_save, and audiogenrl correct with and
 * without --live. Prints the median of each and the ratios. */
#include <smf.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS = 41 };

extern char **environ;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

/* Milliseconds; negative when it failed. */
static double run(const char *const *command)
{
    pid_t pid;
    int status = 0;
    double began = now();
    if (posix_spawn(&pid, command[0], NULL, NULL, (char *const *)command, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return -1;
    return now() - began;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *times)
{
    qsort(times, RUNS, sizeof *times, compare);
    return times[RUNS / 2];
}

static int libsmf_alone(const char *from, const char *to)
{
    smf_t *smf = smf_load(from);
    if (!smf || smf_save(smf, to) != 0)
        return 1;
    smf_delete(smf);
    return 0;
}

static int bench(const char *tool, const char *model, const char *file, const char *out)
{
    const char *alone[] = {"/proc/self/exe", "--libsmf", file, out, NULL};
    const char *whole[] = {tool, "correct", "-q", "-m", model, file, "-o", out, NULL};
    const char *live[] = {tool, "correct", "-q", "--live", "-m", model, file, "-o", out, NULL};
    const char *const *command[] = {alone, whole, live};
    double times[3][RUNS];
    for (int i = 0; i < RUNS; i++)
        for (int c = 0; c < 3; c++) {
            times[c][i] = run(command[c]);
            if (times[c][i] < 0) {
                fprintf(stderr, "bench_file: %s failed on %s\n", command[c][0], file);
                return 1;
            }
        }
    double base = median(times[0]);
    double whole_time = median(times[1]);
    double live_time = median(times[2]);
    printf("%8.2f  %8.2f %5.2f  %8.2f %5.2f  %s\n", base, whole_time, whole_time / base, live_time,
           live_time / base, file);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--libsmf") == 0)
        return libsmf_alone(argv[2], argv[3]);
    if (argc < 4) {
        fputs("usage: bench_file AUDIOGENRL MODEL FILE.mid...\n", stderr);
        return 2;
    }
    char out[] = "/tmp/bench_file.XXXXXX";
    int fd = mkstemp(out);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = 0;
    puts("milliseconds, median; ratio to libsmf alone\n"
         "  libsmf   correct ratio      live ratio  file");
    for (int i = 3; i < argc && !failed; i++)
        failed = bench(argv[1], argv[2], argv[i], out);
    unlink(out);
    return failed;
}
