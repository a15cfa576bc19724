// Fuzz target: what is read of a plugin file before anything in it can run, its note and its exported symbols. Input: the
// file. Whatever it holds is read, or refused in one printable sentence.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>

#include "abi/error.hpp"
#include "plugin/note.hpp"
#include "plugin/symbols.hpp"

using namespace basin;

namespace {

template <class F>
void one_sentence(F&& body) {
  std::string sentence = "fine";
  try {
    body();
  } catch (const Error& error) {
    sentence = error.what();
  }
  const bool printable = std::all_of(sentence.begin(), sentence.end(), [](unsigned char c) { return std::isprint(c); });
  if (sentence.empty() || !printable) {
    std::fprintf(stderr, "no sentence: '%s'\n", sentence.c_str());
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (fd < 0 || ::write(fd, data, size) != static_cast<ssize_t>(size)) std::abort();
  const std::string file = "/proc/self/fd/" + std::to_string(fd);
  one_sentence([&] {
    FileReader in(file);
    check_note(read_note(in), file, engine_version());
  });
  one_sentence([&] { exported_symbols(file); });
  ::close(fd);
  return 0;
}
