// The file before and while it is loaded: its note, its symbols, its time.
#include <cxxabi.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "check/sideeffects.hpp"
#include "check/test.hpp"
#include "plugin/files.hpp"
#include "plugin/note.hpp"
#include "plugin/symbols.hpp"

namespace basin::checking {
namespace {

constexpr double kSecondsToLoad = 2;

std::string readable(const std::string& name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  const std::string out = status == 0 && text ? text : name;
  std::free(text);
  return out;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < names.size() && i < 5; i++) out += (i ? ", " : "") + readable(names[i]);
  return out + (names.size() > 5 ? " and " + std::to_string(names.size() - 5) + " more" : "");
}

void note(Subject& subject) {
  FileReader in(subject.request.file);
  const Note note = read_note(in);
  check_note(note, subject.request.file, engine_version());
  subject.passed =
      note.pinned ? "pinned to LibTorch " + note.engine : "portable, ABI major " + std::to_string(note.abi_major);
}

void symbols(Subject& subject) {
  std::vector<std::string> leaked, unique;
  bool entry = false;
  for (const Symbol& symbol : exported_symbols(subject.request.file)) {
    // The linker's own marks, where no version script hides them.
    static const char* const marks[] = {"_init", "_fini", "_end", "_edata", "__bss_start"};
    if (std::any_of(std::begin(marks), std::end(marks), [&](const char* mark) { return symbol.name == mark; }))
      continue;
    if (symbol.unique) unique.push_back(symbol.name);
    if (symbol.name == BASIN_ENTRY_SYMBOL) entry = true;
    else leaked.push_back(symbol.name);
  }
  expect(entry, "it does not export " BASIN_ENTRY_SYMBOL);
  expect(unique.empty(), "it exports STB_GNU_UNIQUE symbols, which all plugins and all builds of one share: " +
                             listed(unique) + "; compile with -fno-gnu-unique, as basin_plugin() does");
  expect(leaked.empty(), "it exports more than its entry: " + listed(leaked) +
                             "; build it with basin_plugin(), whose version script hides them");
}

void loads(Subject& subject) {
  const auto start = std::chrono::steady_clock::now();
  const Loaded& loaded = subject.loaded();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!loaded.refused.empty())
    fail("its " + loaded.refused[0].kind + " '" + loaded.refused[0].name + "' " + loaded.refused[0].why);
  char text[32];
  std::snprintf(text, sizeof text, "%.0f ms", seconds * 1000);
  expect(seconds < kSecondsToLoad,
         std::string("loading took ") + text + ", and everything that finds plugins waits for it");
  subject.passed = std::string("loaded in ") + text;
}

void side_effects(Subject& subject) {
  const Surroundings before;
  Output output;
  subject.loaded();
  const std::string said = output.end();
  expect(said.empty(), "it writes to standard output or error when it is loaded: " + said.substr(0, 60));
  if (const std::string change = Surroundings().change_since(before); !change.empty()) fail("loading it " + change);
}

}  // namespace

std::vector<Test> loading_tests() {
  return {{"loading-note", "", "It carries Basin's note, for this Basin.", note},
          {"loading-symbols", "", "It exports its entry and nothing else, and shares nothing.", symbols},
          {"loading-time", "", "It loads within 2 s, with all of its components.", loads},
          {"loading-side-effects", "",
           "Loading it changes nothing: no thread, file, output, variable, signal handler, locale or rounding.",
           side_effects}};
}

}  // namespace basin::checking
