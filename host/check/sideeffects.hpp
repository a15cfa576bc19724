// Inside the room: what loading a library could change in a process.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

namespace basin::checking {

class Surroundings {
 public:
  Surroundings();  // as they are now
  // What differs from before, as the end of "loading it ..."; "" for nothing.
  std::string change_since(const Surroundings& before) const;

 private:
  std::set<std::string> threads_, environment_;
  std::map<std::string, std::string> files_;  // descriptor -> what it is
  std::vector<const void*> handlers_;         // by signal
  std::string locale_, folder_;
  unsigned umask_, floating_;
};

// Standard output and error, caught from its making to end().
class Output {
 public:
  Output();
  ~Output() { end(); }
  Output(const Output&) = delete;
  std::string end();

 private:
  int file_, out_, err_;
};

}  // namespace basin::checking
