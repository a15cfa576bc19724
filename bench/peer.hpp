// The peer as a child process (peer_steps.py): one line asks for a step, one line answers with its seconds.
#pragma once
#include <memory>
#include <string>
#include <vector>

namespace basin::bench {

class Peer {
 public:
  // Starts `python script arguments...`. Error: it did not start, or ended; with what it had said last.
  Peer(const std::string& python, const std::string& script, const std::vector<std::string>& arguments);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  const std::string& about() const { return about_; }  // its first line
  double step(const std::string& what);                // "train fp32 nchw": seconds

 private:
  std::string read_line();
  std::string python_, about_, buffer_;
  int to_ = -1, from_ = -1, process_ = -1;
};

}  // namespace basin::bench
