/* A whole plugin in C: turns text into capitals. It shows that the border needs no Rust. */
#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include "formwork_plugin.h"

#define TEXT(literal) ((struct formwork_text){(const uint8_t *)(literal), sizeof(literal) - 1})

static struct formwork_text describe(void) {
    return TEXT("{\"schema\":1,\"id\":\"text.shout\",\"version\":\"1.0\",\"licence\":\"MIT\","
                "\"capabilities\":[{\"operation\":\"shout\",\"from\":[\"txt\"],\"to\":[\"txt\"],"
                "\"keeps\":[\"text\",\"quality\"]}]}");
}

static int32_t probe(const struct formwork_step *step, const struct formwork_host *host) {
    (void)step, (void)host;
    return FORMWORK_STATUS_OK;
}

static int32_t run(const struct formwork_step *step, const struct formwork_host *host) {
    struct formwork_output output = {.size = sizeof output, .length = step->inputs[0].length};
    uint8_t block[4096];
    int64_t id = host->open_output(host->context, &output), count;
    for (uint64_t at = 0; id >= 0; at += (uint64_t)count) {
        if (host->tick(host->context, at, step->inputs[0].length) != FORMWORK_TICK_CONTINUE) break;
        count = host->read_at(host->context, 0, at, block, sizeof block);
        if (count == 0) return host->close_output(host->context, id);
        for (int64_t i = 0; i < count; i++) block[i] = (uint8_t)toupper(block[i]);
        if (count < 0 || host->write(host->context, id, (struct formwork_text){block, (size_t)count})) break;
    }
    return FORMWORK_STATUS_FAILED;
}

#ifdef AS_OF_1_0 /* what a plugin compiled with the first header looks like: no slot after `run` */
static const struct { uint32_t size, major, minor, reserved; void *describe, *probe, *run; } table = {
    offsetof(struct formwork_plugin, extension), 1, 0, 0, describe, probe, run};
#else
static const struct formwork_plugin table = {sizeof table, FORMWORK_ABI_MAJOR, FORMWORK_ABI_MINOR, 0, describe, probe, run, NULL};
#endif

const struct formwork_plugin *formwork_plugin_entry_v1(const struct formwork_host_info *host) {
    return host && host->major == FORMWORK_ABI_MAJOR ? (const struct formwork_plugin *)&table : NULL;
}
