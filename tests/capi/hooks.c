/* A host's own allocator and clock. */

#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <stdatomic.h>

static atomic_long given = 0, held = 0;

static void *allocate(void *user, size_t size, size_t alignment) {
    void *data = NULL;
    (void)user;
    if (posix_memalign(&data, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0) {
        return NULL;
    }
    atomic_fetch_add(&given, 1);
    atomic_fetch_add(&held, (long)size);
    return data;
}

static void release(void *user, void *data, size_t size, size_t alignment) {
    (void)user, (void)alignment;
    atomic_fetch_sub(&held, (long)size);
    free(data);
}

/* Two hours pass whenever somebody asks. */
static uint64_t hours(void *user) {
    atomic_ullong *now = user;
    return atomic_fetch_add(now, 7200ull * 1000000000ull);
}

static uint64_t in_1970(void *user) {
    (void)user;
    return 86400ull * 1000000000ull;
}

int main(int count, char **words) {
    unsigned char bytes[PICTURE_BYTES];
    const char *folder = NULL;
    atomic_ullong now = 0;
    struct formwork_allocator allocator = {sizeof allocator, allocate, release, NULL};
    struct formwork_clock clock = {sizeof clock, hours, in_1970, &now};
    struct formwork_source source = FORMWORK_SOURCE_INIT;
    struct formwork_target target = FORMWORK_TARGET_INIT;
    struct formwork_request request = FORMWORK_REQUEST_INIT;
    formwork_engine *engine = NULL;
    formwork_receipt *receipt = NULL;
    CHECK(count == 5);
    CHECK(formwork_set_allocator(NULL) == FORMWORK_STATUS_MISUSE);
    CHECK(formwork_set_allocator(&allocator) == FORMWORK_STATUS_OK);
    CHECK(formwork_set_allocator(&allocator) == FORMWORK_STATUS_MISUSE);
    struct formwork_engine_options options = options_of(words, &folder);
    WELL(formwork_engine_open(&options, &engine, &error));
    CHECK(atomic_load(&given) > 10);

    picture(bytes);
    source.kind = FORMWORK_SOURCE_KIND_MEMORY;
    source.name = "in.ppm";
    source.data = bytes;
    source.length = PICTURE_BYTES;
    target.kind = FORMWORK_TARGET_KIND_MEMORY;
    request.output_format = "png";
    WELL(formwork_convert(engine, &source, &request, &target, NULL, &error));
    formwork_output_destroy(target.output);

    WELL(formwork_set_clock(&clock, &error));
    CHECK(formwork_set_clock(&clock, NULL) == FORMWORK_STATUS_MISUSE);
    /* By the host's clock, every deadline passes at once. */
    CHECK(formwork_convert(engine, &source, &request, &target, &receipt, NULL) == FORMWORK_STATUS_TIMEOUT);
    formwork_engine_close(engine);
    /* What is left are the tables of the process, not what belongs to engines. */
    CHECK(atomic_load(&held) < 1 << 20);
    puts("well");
    return 0;
}
