/* A libcuda.so.1 that answers as the environment says. */
#include <stdlib.h>

static int number(const char* name) {
  const char* text = getenv(name);
  return text ? atoi(text) : 0;
}

int cuInit(unsigned flags) {
  (void)flags;
  return number("STRAW_INIT");
}

int cuDeviceGetCount(int* count) {
  *count = number("STRAW_DEVICES");
  return 0;
}
