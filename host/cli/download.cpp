#include "cli/download.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <thread>

#include "abi/error.hpp"
#include "run/progress.hpp"

namespace basin::cli {
namespace {

namespace fs = std::filesystem;

struct Ended {
  int code = 0;      // 128 + the signal where one ended it
  std::string said;  // its standard output
};

// Runs a program of the machine's; `meanwhile` is called a few times a second. Error: it is not there.
Ended run(std::vector<std::string> arguments, const std::function<void()>& meanwhile = {}) {
  int out[2];
  if (::pipe2(out, O_CLOEXEC) != 0) throw Error(std::string("no pipe: ") + std::strerror(errno), BASIN_ERROR_IO);
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {                      // nothing here allocates
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // nobody would wait for it
    ::dup2(out[1], 1);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(out[1]);
  if (child < 0) {
    ::close(out[0]);
    throw Error(std::string("no process for ") + argv[0] + ": " + std::strerror(errno), BASIN_ERROR_RUNTIME);
  }
  Ended ended;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (meanwhile) meanwhile();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  char buffer[4096];  // what these programs say fits in a pipe
  for (ssize_t n; (n = ::read(out[0], buffer, sizeof buffer)) > 0;) ended.said.append(buffer, static_cast<size_t>(n));
  ::close(out[0]);
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (ended.code == 127)
    throw Error("the program " + arguments[0] + " is needed for this and is not here: install the package that has it",
                BASIN_ERROR_NOT_FOUND);
  return ended;
}

int64_t length(const fs::path& file) {
  std::error_code failed;
  const auto found = fs::file_size(file, failed);
  return failed ? 0 : static_cast<int64_t>(found);
}

// curl's exit codes for a connection that broke or stalled: going on makes sense.
bool may_go_on(int code) {
  for (const int one : {18, 28, 52, 55, 56, 92})
    if (code == one) return true;
  return false;
}

}  // namespace

void download(const std::string& url, const fs::path& file, int64_t bytes) {
  constexpr int64_t kMB = 1000000;
  Progress progress("fetching, MB", bytes / kMB);
  std::vector<std::string> curl{"curl", "--silent", "--fail", "--location", "--continue-at", "-"};
  for (const char* more :
       {"--proto", "=http,https,file", "--connect-timeout", "30", "--speed-limit", "1", "--speed-time", "60"})
    curl.emplace_back(more);
  curl.insert(curl.end(), {"--output", file.string(), "--write-out", "%{errormsg}", "--", url});
  const auto show = [&] { progress.update(length(file) / kMB); };
  Ended ended;
  bool anew = false;
  for (int64_t before = -1; length(file) > before;) {  // as long as each attempt brings something
    before = length(file);
    show();
    ended = run(curl, show);
    if (ended.code == 0) return;
    if (ended.code == 33 && !anew) {  // this server knows only whole files
      std::error_code ignored;
      fs::remove(file, ignored);
      before = -1, anew = true;
    } else if (!may_go_on(ended.code)) {
      break;
    }
  }
  const std::string why = ended.said.empty() ? "curl ended with code " + std::to_string(ended.code) : ended.said;
  throw Error("'" + url + "' could not be fetched (" + why + "); " +
                  (length(file) > 0 ? "the same command again goes on where this stopped" : "is this machine online?"),
              BASIN_ERROR_IO);
}

std::string md5_of(const fs::path& file) {
  const Ended ended = run({"md5sum", "--", file.string()});
  // A name with a backslash or a line break in it makes md5sum put a backslash before the digits.
  const size_t first = ended.said.starts_with('\\') ? 1 : 0;
  if (ended.code != 0 || ended.said.size() < first + 32)
    throw Error("the MD5 of '" + file.string() + "' could not be computed: md5sum ended with code " +
                    std::to_string(ended.code),
                BASIN_ERROR_IO);
  return ended.said.substr(first, 32);
}

}  // namespace basin::cli
