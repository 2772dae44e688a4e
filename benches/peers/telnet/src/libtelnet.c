/* Reads a stream with libtelnet, as measure.rs says: FILE PASSES. */

#include <stddef.h> /* which libtelnet.h needs and does not include */
#include <libtelnet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PIECE = 16 * 1024 };

static const telnet_telopt_t options[] = {
    {TELNET_TELOPT_ECHO, TELNET_WILL, TELNET_DO},
    {TELNET_TELOPT_SGA, TELNET_WILL, TELNET_DO},
    {TELNET_TELOPT_TTYPE, TELNET_WILL, TELNET_DO},
    {TELNET_TELOPT_NAWS, TELNET_WILL, TELNET_DO},
    {-1, 0, 0},
};

static int prints;
static volatile size_t octets, others;

static void event(telnet_t *telnet, telnet_event_t *event, void *unused) {
    (void)telnet;
    (void)unused;
    if (event->type != TELNET_EV_DATA) {
        others++;
        return;
    }
    octets += event->data.size;
    if (prints)
        fwrite(event->data.buffer, 1, event->data.size, stdout);
}

static void pass(const char *stream, size_t len) {
    telnet_t *telnet = telnet_init(options, event, 0, NULL);
    for (size_t at = 0; at < len; at += PIECE)
        telnet_recv(telnet, stream + at, len - at < PIECE ? len - at : PIECE);
    telnet_free(telnet);
}

int main(int argc, char **argv) {
    FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
    static char stream[4 << 20];
    struct timespec start, end;
    if (!file)
        return 2;
    size_t len = fread(stream, 1, sizeof stream, file);
    long passes = strtol(argv[2], NULL, 10);
    if (passes == 0) {
        prints = 1;
        pass(stream, len);
        return 0;
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    for (long i = 0; i < passes; i++)
        pass(stream, len);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    printf("%lld\n", (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec);
    return 0;
}
