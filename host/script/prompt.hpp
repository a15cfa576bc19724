// The interactive prompt's mind: lines come in, results go out. The terminal is repl.cpp's affair.
#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "script/engine.hpp"

namespace basin::script {

class Prompt {
 public:
  struct Look {
    bool colour = false;
    bool terminal = false;  // a person is there: says how long each command took, and a Ctrl-C ends that command alone
  };
  Prompt(Engine& engine, Look look) : engine_(engine), look_(look) {}

  // A line of input. Complete chunks run at once, and their results are printed: of an expression always (a final ';'
  // silences it), of a statement never. `local x` at the top stays for the lines that follow. "?name" is help(name).
  void feed(const std::string& line);
  // Several lines that came at once, as a paste does: one chunk where they are one, else line by line.
  void feed_block(const std::string& lines);
  bool waiting() const { return !pending_.empty(); }  // for the rest of a chunk
  void cancel() { pending_.clear(); }                 // Ctrl-C: forget what was begun
  void end();                                         // end of input: a chunk that is not complete is an error

  int failures() const { return failures_; }
  // What stands in the chunk so far, for completion.
  const std::string& pending() const { return pending_; }

 private:
  void help(const std::string& word);
  void run(const std::string& code, bool silent, bool expression);
  void fail(const std::string& message);
  void say_time(double seconds);
  Engine& engine_;
  Look look_;
  std::string pending_;
  int failures_ = 0, chunks_ = 0;
  bool stopped_ = false;  // the latest chunk, by Ctrl-C
};

// A line of the command line: as at the prompt, an expression prints itself and "?name" is help. Throws ScriptError: "-e:1: sentence".
void run_line(Engine& engine, const std::string& code);

// A value for people: tables with their first entries, in a stable order; all else as tostring.
std::string shown(lua_State* L, int index);

// What may stand where the cursor is, at the end of `text` (all of the chunk): globals, keys, methods, component names
// inside basin.optimizer ", options inside its braces. `replaced`: how many bytes of `text` each candidate stands for.
std::vector<std::string> complete(lua_State* L, const std::string& text, size_t& replaced);

// Pushes what a dotted name ("basin.zeros", "models.small") stands for, without calling anything of the script's; false,
// and nothing pushed, where that is nothing.
bool push_named(lua_State* L, const std::string& path);

// The prompt waits for a key: Ctrl-C is its own affair then.
std::atomic<bool>& at_prompt();

// The prompt on standard input: with a line editor and history on a terminal, plain lines otherwise. Returns the exit
// code.
int run_repl(Engine& engine);

}  // namespace basin::script
