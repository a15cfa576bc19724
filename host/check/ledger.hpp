// Inside the room: what gates ask about lent things.
#pragma once
#include "check/gates.hpp"

namespace basin::checking {

void note_misuse(const std::string& sentence);
bool may_use(const basin_tensor* handle, const char* function);  // false: stale, and noted
bool may_release(const basin_tensor* handle);
void count_reference(const basin_tensor* handle, int64_t change);  // the plugin has one more or less
const char* explain_address(const void* address);                  // async-signal-safe

}  // namespace basin::checking
