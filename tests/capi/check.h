/* What the test programs share: a picture, and a way to fail. */

#ifndef CHECK_H
#define CHECK_H

#include <formwork.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(that)                                                                        \
    do {                                                                                   \
        if (!(that)) {                                                                     \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #that);             \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

/* A call that must go well. */
#define WELL(call)                                                                         \
    do {                                                                                   \
        formwork_error *error = NULL;                                                      \
        formwork_status ended = (call);                                                    \
        if (ended != FORMWORK_STATUS_OK) {                                                 \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call,                  \
                    error != NULL ? formwork_error_json(error) : "no error was given");    \
            exit(1);                                                                       \
        }                                                                                  \
        formwork_error_destroy(error);                                                     \
    } while (0)

/* A picture of SIDE by SIDE pixels as PPM. */
#define SIDE 64
#define PICTURE_BYTES (13 + 3 * SIDE * SIDE)
static inline void picture(unsigned char *to) {
    memcpy(to, "P6\n64 64\n255\n", 13);
    for (int at = 0; at < 3 * SIDE * SIDE; ++at) {
        to[13 + at] = (unsigned char)(at * 7);
    }
}

/* An engine as the words of the command line say: the plugins' folder, the worker, the isolation level. */
static inline struct formwork_engine_options options_of(char **words, const char **folder) {
    struct formwork_engine_options options = FORMWORK_ENGINE_OPTIONS_INIT;
    *folder = words[1];
    options.plugin_folders = folder;
    options.plugin_folder_count = 1;
    options.worker = words[2];
    options.isolation = atoi(words[3]);
    return options;
}

#endif
