// The prompt on a terminal: libedit's line editor, history, Tab, Ctrl-C.
#include <histedit.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <utility>

#include "abi/log.hpp"
#include "script/keys.hpp"
#include "script/numbers.hpp"
#include "script/prompt.hpp"

namespace basin::script {
namespace {

namespace fs = std::filesystem;

struct Terminal {
  Prompt* prompt = nullptr;
  Engine* engine = nullptr;
  EditLine* edit = nullptr;
  Keys keys{STDIN_FILENO};
  std::string block;  // lines of a paste that has not ended
};

Terminal* terminal = nullptr;  // libedit's callbacks carry no pointer that C++ could type

char* prompt_text(EditLine*) {
  static char first[] = "> ", next[] = "... ";
  return terminal->prompt->waiting() || !terminal->block.empty() ? next : first;
}

int read_character(EditLine*, wchar_t* out) {
  at_prompt() = true;
  const int status = terminal->keys.read(*out);
  at_prompt() = false;
  return status;
}

int columns() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

unsigned char tab(EditLine* edit, int) {
  const LineInfo* line = el_line(edit);
  const std::string text = terminal->prompt->pending() + terminal->block + std::string(line->buffer, line->cursor);
  size_t replaced = 0;
  std::vector<std::string> found;
  try {
    found = complete(terminal->engine->lua(), text, replaced);
  } catch (const std::exception&) {
    return CC_ERROR;
  }
  if (found.empty()) return CC_ERROR;
  std::string common = found[0];
  for (const std::string& other : found) {
    size_t same = 0;
    while (same < common.size() && same < other.size() && common[same] == other[same]) ++same;
    common.resize(same);
  }
  if (common.size() > replaced) {
    el_insertstr(edit, common.substr(replaced).c_str());
    return CC_REFRESH;
  }
  if (found.size() == 1) return CC_NORM;
  std::string list = "\n";
  int width = 0;
  for (const std::string& name : found) width = std::max(width, columns_of(name) + 2);
  const int across = std::max(1, (columns() - 2) / width);
  for (size_t i = 0; i < found.size(); ++i) {
    const bool last = i + 1 == found.size() || (static_cast<int>(i) + 1) % across == 0;
    list += found[i] + (last ? "\n" : std::string(static_cast<size_t>(width - columns_of(found[i])), ' '));
  }
  std::fputs(list.c_str(), stdout);
  std::fflush(stdout);
  return CC_REDISPLAY;
}

fs::path history_file() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  if (state && *state) return fs::path(state) / "basin" / "history";
  return home && *home ? fs::path(home) / ".local/state/basin/history" : fs::path();
}

int plain_input(Prompt& prompt) {
  for (std::string line; !interrupted() && std::getline(std::cin, line);) prompt.feed(line);
  if (interrupted()) return 130;
  prompt.end();
  return prompt.failures() ? 1 : 0;
}

// Whether the terminal is known to be more than a typewriter: one that can be cleared has codes, a dumb one has none.
bool has_codes(EditLine* edit) {
  char name[] = "cl";
  char* clear = nullptr;
  return el_get(edit, EL_GETTC, name, &clear) == 0 && clear && *clear;
}

// A terminal that says where a paste begins and ends, while a line is edited; not one that knows no such thing.
class Brackets {
 public:
  explicit Brackets(bool able) : able_(able) { write("\033[?2004h"); }
  ~Brackets() { write("\033[?2004l"); }
  Brackets(const Brackets&) = delete;
  Brackets& operator=(const Brackets&) = delete;

 private:
  void write(const char* code) const {
    if (!able_) return;
    std::fputs(code, stdout);
    std::fflush(stdout);
  }
  bool able_;
};

}  // namespace

std::atomic<bool>& at_prompt() {
  static std::atomic<bool> flag{false};
  return flag;
}

int run_repl(Engine& engine) {
  if (!isatty(STDIN_FILENO)) {
    Prompt prompt(engine, {});
    return plain_input(prompt);
  }
  if (!std::setlocale(LC_CTYPE, "") || std::strcmp(std::setlocale(LC_CTYPE, nullptr), "C") == 0)
    std::setlocale(LC_CTYPE, "C.UTF-8");
  EditLine* edit = el_init("basin", stdin, stdout, stderr);
  const char* no_colour = std::getenv("NO_COLOR");
  const bool able = edit && isatty(STDOUT_FILENO) && has_codes(edit);
  Prompt prompt(engine, {.colour = able && !(no_colour && *no_colour), .terminal = true});
  Terminal state{&prompt, &engine, edit, Keys(STDIN_FILENO), ""};
  if (!edit) return plain_input(prompt);
  terminal = &state;

  HistEvent event;
  History* past = history_init();
  history(past, &event, H_SETSIZE, 5000);
  history(past, &event, H_SETUNIQUE, 1);
  const fs::path file = history_file();
  std::error_code error;
  if (!file.empty()) fs::create_directories(file.parent_path(), error);
  if (!file.empty()) history(past, &event, H_LOAD, file.c_str());

  el_set(state.edit, EL_PROMPT, prompt_text);
  el_set(state.edit, EL_EDITOR, "emacs");
  el_set(state.edit, EL_SIGNAL, 0);
  el_set(state.edit, EL_HIST, history, past);
  el_set(state.edit, EL_GETCFN, read_character);
  el_set(state.edit, EL_ADDFN, "basin-complete", "completes names", tab);
  el_set(state.edit, EL_BIND, "^I", "basin-complete", nullptr);
  el_set(state.edit, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_source(state.edit, nullptr);

  say("Basin. An expression prints itself (; silences); ?name is help; Tab completes; Ctrl-D ends.");
  for (;;) {
    int count = 0;
    const char* line = nullptr;
    {
      // libedit would show the prompt first; a Ctrl-D in between, at a terminal that still collects lines, would be lost.
      el_set(state.edit, EL_PREP_TERM, 1);
      state.keys.begin();
      const Brackets brackets(able);
      line = el_gets(state.edit, &count);
    }
    if (interrupted()) {  // Ctrl-C: back to an empty prompt
      interrupted() = false;
      std::fputs("^C\n", stdout);
      el_set(state.edit, EL_UNBUFFERED, 0);
      el_reset(state.edit);
      prompt.cancel();
      state.keys.forget();
      state.block.clear();
      continue;
    }
    if (!line || count <= 0) break;
    std::string text(line, static_cast<size_t>(count));
    while (text.ends_with('\n')) text.pop_back();
    if (text.find_first_not_of(" \t") != text.npos) {
      history(past, &event, H_ENTER, text.c_str());
      if (!file.empty()) history(past, &event, H_SAVE, file.c_str());
    }
    if (state.keys.pasting() || !state.block.empty()) {
      state.block += text + "\n";
      if (state.keys.pasting()) continue;
      prompt.feed_block(std::exchange(state.block, ""));
    } else {
      prompt.feed(text);
    }
  }
  std::fputs("\n", stdout);
  history_end(past);
  el_end(state.edit);
  terminal = nullptr;
  return 0;
}

}  // namespace basin::script
