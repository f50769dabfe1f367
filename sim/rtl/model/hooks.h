// Included before everything in a model: what it prints and how it stops is ours, so that it never ends the program.
#pragma once

extern "C" int lacuna_model_print(const char* format, ...) __attribute__((format(printf, 1, 2)));

#define VL_PRINTF lacuna_model_print
#define VL_USER_FINISH
#define VL_USER_STOP
#define VL_USER_FATAL
