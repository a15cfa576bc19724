/* What toy.c's object is, so that the test can look into it. */
#ifndef TOY_H
#define TOY_H
#include <stdint.h>

struct toy {
  int32_t boolean;
  int64_t integer;
  double number;
  char string[64], choice[64], file[256];
  int64_t integers[8];
  double numbers[8];
  uint32_t n_integers, n_numbers;
  void* child;
  int64_t integer_as_number;
};

#endif
