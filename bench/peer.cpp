#include "peer.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "abi/error.hpp"

namespace basin::bench {

Peer::Peer(const std::string& python, const std::string& script, const std::vector<std::string>& arguments)
    : python_(python) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that has ended is an Error of read_line
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
    throw Error(std::string("No pipe to the peer could be made: ") + std::strerror(errno) + ".", BASIN_ERROR_IO);
  std::vector<std::string> words{python, script};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
  const int failed = posix_spawnp(&process_, python.c_str(), &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  close(in[0]), close(out[1]);
  to_ = in[1], from_ = out[0];
  if (failed) {
    process_ = -1;
    throw Error("The peer's Python '" + python + "' could not be started: " + std::strerror(failed) +
                    "; give --peer a Python that has torch 2.11.",
                BASIN_ERROR_IO);
  }
  about_ = read_line();
}

Peer::~Peer() {
  close(to_);  // the end of its input ends it
  close(from_);
  if (process_ > 0) waitpid(process_, nullptr, 0);
}

double Peer::step(const std::string& what) {
  const std::string line = what + "\n";
  if (write(to_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    throw Error("The peer (" + python_ + ") has ended; its last words stand above.", BASIN_ERROR_RUNTIME);
  const std::string answer = read_line();
  try {
    return std::stod(answer);
  } catch (const std::exception&) {
    throw Error("The peer was asked for '" + what + "' and answered '" + answer + "' instead of seconds.",
                BASIN_ERROR_RUNTIME);
  }
}

std::string Peer::read_line() {
  size_t end;
  while ((end = buffer_.find('\n')) == buffer_.npos) {
    char part[512];
    const ssize_t n = read(from_, part, sizeof part);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      throw Error(
          "The peer (" + python_ + ") has ended; its last words stand above. It needs a Python with torch 2.11.",
          BASIN_ERROR_RUNTIME);
    buffer_.append(part, static_cast<size_t>(n));
  }
  const std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

}  // namespace basin::bench
