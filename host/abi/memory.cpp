#include "abi/memory.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <charconv>
#include <climits>
#include <new>

#include "abi/aten.hpp"

namespace basin {
namespace {

std::string size_text(uint64_t bytes) {
  char text[40];
  const double mib = static_cast<double>(bytes) / (1 << 20);
  std::snprintf(text, sizeof text, mib < 1024 ? "%.0f MiB" : "%.1f GiB", mib < 1024 ? mib : mib / 1024);
  return text;
}

// What stands between `before` and `after` in a text; "" where it lacks one of them.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const size_t from = text.find(before);
  if (from == text.npos) return {};
  const std::string_view rest = text.substr(from + before.size());
  const size_t to = rest.find(after);
  return to == rest.npos ? std::string_view() : rest.substr(0, to);
}

}  // namespace

std::optional<std::string> out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error)) return "out of memory";
  const auto* engine = dynamic_cast<const c10::Error*>(&error);
  if (!engine) return {};
  const std::string_view text = engine->what_without_backtrace();
  // "CUDA out of memory. Tried to allocate 20.00 MiB. GPU ..."
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) {
    const auto size = between(text, "Tried to allocate ", "B");
    return "out of memory on the GPU" + (size.empty() ? "" : ": " + std::string(size) + "B could not be had");
  }
  // The CPU's allocator has no exception of its own.
  if (text.find("DefaultCPUAllocator: ") == text.npos) return {};
  const auto size = between(text, "tried to allocate ", " bytes");
  uint64_t bytes = 0;
  std::from_chars(size.data(), size.data() + size.size(), bytes);
  return "out of memory on the CPU" + (bytes ? ": " + size_text(bytes) + " could not be had" : "");
}

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // glibc's largest; what is bigger is mapped, and unmapped, for itself
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

}  // namespace basin
