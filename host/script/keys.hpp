// The keys of a person at a terminal, one character at a time, as libedit's reader wants them.
//
// Ctrl-C ends the reading, which libedit's own would go on with. A paste is told from typing: the terminal marks where
// one begins and ends ("bracketed paste", ESC [ 200 ~ ... ESC [ 201 ~), so that its tabs complete nothing and its lines
// can be taken together.
#pragma once
#include <cwchar>
#include <string>

namespace basin::script {

class Keys {
 public:
  explicit Keys(int descriptor) : descriptor_(descriptor) {}

  int read(wchar_t& character);  // 1; 0: the end of input; -1: Ctrl-C, or the terminal is gone
  // The terminal has just begun to hand over single keys. What was typed before came while it collected lines: a Ctrl-D
  // among that was its mark of an end, which reads as a 0 from now on (Linux, n_tty), and is a Ctrl-D again here.
  void begin();
  bool pasting() const { return pasting_; }
  void forget() { waiting_.clear(), pasting_ = false; }  // what a Ctrl-C cut short

 private:
  int byte(unsigned char& out, int milliseconds);  // as read(); 2: nothing came in time (milliseconds < 0: waits)
  bool mark();                                     // after ESC: takes a paste's mark, or puts back what was read
  int descriptor_;
  std::string waiting_;  // read ahead
  int before_ = 0;       // bytes that were typed before begin() and are still to be read
  bool pasting_ = false, after_return_ = false;
};

}  // namespace basin::script
