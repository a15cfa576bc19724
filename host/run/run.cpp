// Opening a run, holding it, and writing into it.
#include "run/run.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>

#include "abi/error.hpp"
#include "plugin/crash.hpp"
#include "plugin/files.hpp"
#include "plugin/hash.hpp"
#include "run/environment.hpp"
#include "run/tensorboard.hpp"

namespace basin {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

std::string text_of(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

std::string time_text(const char* format) {
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char out[64];
  return {out, std::strftime(out, sizeof out, format, &parts)};
}

// A file that lines are added to.
class LineFile {
 public:
  // repair: cuts off a last line that a crash left unfinished.
  LineFile(fs::path file, bool repair) : file_(std::move(file)) {
    fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd_ < 0) fail();
    if (!repair) return;
    off_t end = ::lseek(fd_, 0, SEEK_END);
    char last = '\n';
    for (off_t at = end; at > 0; at--) {
      if (::pread(fd_, &last, 1, at - 1) != 1 || last == '\n') break;
      end = at - 1;
    }
    if (::ftruncate(fd_, end) != 0) fail();
  }
  ~LineFile() {
    forget_crash_log(fd_);
    if (fd_ >= 0) ::close(fd_);
  }
  LineFile(const LineFile&) = delete;

  void add(const std::string& line) {
    const off_t before = ::lseek(fd_, 0, SEEK_END);
    for (size_t at = 0; at < line.size();) {
      ssize_t n = ::write(fd_, line.data() + at, line.size() - at);
      if (n > 0) at += static_cast<size_t>(n);
      if (n >= 0 || errno == EINTR) continue;
      const int why = errno;
      if (before >= 0) (void)!::ftruncate(fd_, before);  // all of it or nothing
      errno = why;
      fail();
    }
  }

  void take_crashes() { add_crash_log(fd_); }  // its last line names the plugin whose code ended the process

 private:
  [[noreturn]] void fail() {
    throw Error(quoted(file_) + " cannot be written: " + std::strerror(errno), BASIN_ERROR_IO);
  }
  fs::path file_;
  int fd_ = -1;
};

// Open descriptor with an flock on it, or -1.
class Lock {
 public:
  Lock() = default;
  ~Lock() { release(); }
  Lock(const Lock&) = delete;
  // False: somebody else holds it. A file system without locks lets everybody in.
  bool take(const fs::path& file, bool wait) {
    fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd_ < 0) throw Error(quoted(file) + " cannot be written: " + std::strerror(errno), BASIN_ERROR_IO);
    int result;
    do result = ::flock(fd_, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    if (result == 0 || errno != EWOULDBLOCK) return true;
    release();
    return false;
  }
  void write_owner() {
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd_, 0) == 0) (void)!::pwrite(fd_, pid.data(), pid.size(), 0);
  }
  void release() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

std::string owner_of(const fs::path& lock) {
  std::string pid;
  try {
    pid = read_file(lock).substr(0, 20);
  } catch (const Error&) {
  }
  pid.erase(std::remove_if(pid.begin(), pid.end(), [](unsigned char c) { return !std::isdigit(c); }), pid.end());
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

struct Run::Impl {
  fs::path folder;
  RunSettings settings;
  std::string hash;
  bool existed = false;
  int64_t segment = 0;
  bool began = false;  // a training, in this process
  Lock lock;
  mutable std::mutex mutex;
  json record;
  std::unique_ptr<LineFile> log, metrics;
  std::unique_ptr<EventWriter> events;

  void save() { write_file(folder / "run.json", text_of(record, 2) + "\n"); }
  void begin(const json& identity, const json& details);
  void resume(const json& details);
};

namespace {

// Runs that this process has open, by folder: opening one again gives the same object.
std::mutex living_mutex;
std::map<fs::path, std::weak_ptr<Run>>& living() {
  static std::map<fs::path, std::weak_ptr<Run>> all;
  return all;
}

json full_identity(const RunSettings& settings, const json& identity) {
  return {{"name", settings.name}, {"seed", settings.seed}, {"precision", settings.precision}, {"asked", identity}};
}

fs::path make_folder(const fs::path& root, const std::string& name) {
  int64_t number = 0;
  for (const auto& entry : list_runs(root))
    number = std::max<int64_t>(number, std::stoll(entry.folder.filename().string()));
  for (;;) {
    char digits[24];
    std::snprintf(digits, sizeof digits, "%05lld", static_cast<long long>(++number));
    const fs::path folder = root / (std::string(digits) + "-" + name);
    if (::mkdir(folder.c_str(), 0777) == 0) return folder;
    if (errno != EEXIST)
      throw Error("the run folder " + quoted(folder) + " cannot be made: " + std::strerror(errno), BASIN_ERROR_IO);
  }
}

}  // namespace

void Run::Impl::begin(const json& identity, const json& details) {
  record = {{"name", settings.name},
            {"hash", hash},
            {"seed", settings.seed},
            {"device", settings.device},
            {"precision", settings.precision},
            {"created", time_text("%Y-%m-%dT%H:%M:%S%z")},
            {"identity", identity},
            {"versions", versions()},
            {"hardware", hardware()},
            {"starts", json::array()},
            {"state", json::object()}};
  if (details.is_object())
    for (const auto& [key, value] : details.items()) record[key] = value;
  std::string script, from;
  if (details.is_object()) {
    from = details.value("script", "");
    script = details.value("script_text", "");
  }
  record.erase("script_text");
  if (!from.empty()) script = read_file(from);
  if (!script.empty()) write_file(folder / "script.lua", script);
}

void Run::Impl::resume(const json& details) {
  existed = true;
  for (const char* key : {"starts", "state"})
    if (auto wanted = std::string(key) == "state" ? json::object() : json::array();
        record.value(key, json()).type() != wanted.type())
      record[key] = wanted;
  json start = {{"time", time_text("%Y-%m-%dT%H:%M:%S%z")}, {"hardware", hardware()}, {"versions", versions()}};
  if (details.is_object()) start.update(details);
  for (auto it = start.begin(); it != start.end();)  // only what is not as it was
    it = it.key() == "script_text" || record.value(it.key(), json()) == it.value() ? start.erase(it) : std::next(it);
  record["starts"].push_back(start);
  segment = static_cast<int64_t>(record["starts"].size());
}

void check_run_name(const std::string& name) {
  bool fits = !name.empty() && name.size() <= 100 && name[0] != '.';
  for (unsigned char c : name) fits = fits && (std::isalnum(c) || c == '-' || c == '_' || c == '.');
  if (!fits)
    throw Error("a run cannot be called '" + name +
                "': its name is that of a folder, of letters, digits, '-', '_' and '.', "
                "at most 100");
}

Run::Run() : impl_(std::make_unique<Impl>()) {}

std::shared_ptr<Run> Run::open(const fs::path& root, const RunSettings& settings, const json& identity,
                               const json& details, bool fresh) {
  check_run_name(settings.name);
  const json full = full_identity(settings, identity);
  const std::string hash = sha256(text_of(full, -1));
  make_folders(root);

  std::shared_ptr<Run> run(new Run);
  Impl& r = *run->impl_;
  r.settings = settings;
  r.hash = hash;
  Lock search;  // so that two processes that ask for the same new run do not both make it
  search.take(root / ".lock", true);
  std::vector<std::string> problems;
  if (!fresh)
    for (auto& entry : list_runs(root)) {
      if (!entry.problem.empty()) problems.push_back(entry.problem);
      else if (entry.record["hash"] == hash) r.folder = entry.folder, r.record = std::move(entry.record);
    }
  const bool found = !r.folder.empty();
  if (!found) r.folder = make_folder(root, settings.name);

  std::lock_guard guard(living_mutex);
  const fs::path known = fs::weakly_canonical(r.folder);
  if (auto open = living()[known].lock()) return open;
  if (!r.lock.take(r.folder / "run.lock", false))
    throw Error("the run " + quoted(r.folder) + " is open in " + owner_of(r.folder / "run.lock") +
                "; wait until that has ended, or give this run another name or seed");
  r.lock.write_owner();
  try {
    if (found) r.resume(details);
    else r.begin(full, details);
    for (const char* part : {"checkpoints", "samples", "results"}) make_folders(r.folder / part);
    r.metrics = std::make_unique<LineFile>(r.folder / "metrics.jsonl", true);
    auto log = std::make_unique<LineFile>(r.folder / "log.txt", false);
    r.save();
    r.log = std::move(log);
    r.log->take_crashes();
  } catch (...) {
    std::error_code ignored;
    if (!found) fs::remove_all(r.folder, ignored);  // made a moment ago, and of no use without its record
    throw;
  }
  living()[known] = run;
  for (const auto& problem : problems) run->log(problem);
  return run;
}

Run::~Run() {
  if (!impl_->log) return;  // it was never opened
  try {
    if (state().value("status", json()) == "running") set_state({{"status", "interrupted"}});
  } catch (const std::exception&) {  // a full disk: the next start finds "running" and no one who holds the lock
  }
}

std::string Run::hash_of(const RunSettings& settings, const json& identity) {
  return sha256(text_of(full_identity(settings, identity), -1));
}

void Run::begin_segment() {
  std::lock_guard guard(impl_->mutex);
  if (!std::exchange(impl_->began, true)) return;
  impl_->record["starts"].push_back({{"time", time_text("%Y-%m-%dT%H:%M:%S%z")}});
  impl_->segment = static_cast<int64_t>(impl_->record["starts"].size());
  impl_->events.reset();
}

void Run::discard() {
  impl_->events.reset(), impl_->metrics.reset(), impl_->log.reset();
  std::error_code ignored;
  fs::remove_all(impl_->folder, ignored);
}

const fs::path& Run::folder() const { return impl_->folder; }
const RunSettings& Run::settings() const { return impl_->settings; }
const std::string& Run::hash() const { return impl_->hash; }
bool Run::existed() const { return impl_->existed; }
int64_t Run::segment() const { return impl_->segment; }

void Run::log(const std::string& line) {
  std::lock_guard guard(impl_->mutex);
  impl_->log->add(time_text("%Y-%m-%d %H:%M:%S  ") + line + "\n");
}

void Run::metrics(const json& row) {
  if (!row.is_object() || !row.contains("step") || !row["step"].is_number_integer())
    throw Error("a row of metrics needs a whole number \"step\"");
  const int64_t step = row["step"];
  json full = row;
  full["segment"] = impl_->segment;
  std::vector<std::pair<std::string, double>> scalars;
  for (const auto& [key, value] : row.items())
    if (key != "step" && value.is_number()) scalars.emplace_back(key, value.get<double>());
  std::lock_guard guard(impl_->mutex);
  impl_->metrics->add(text_of(full, -1) + "\n");
  if (!impl_->events) impl_->events = std::make_unique<EventWriter>(impl_->folder, impl_->segment > 0 ? step : 0);
  impl_->events->scalars(step, scalars);
}

std::vector<json> Run::read_metrics() const { return basin::read_metrics(impl_->folder); }

json Run::state() const {
  std::lock_guard guard(impl_->mutex);
  return impl_->record["state"];
}

void Run::set_state(const json& changes) {
  std::lock_guard guard(impl_->mutex);
  impl_->record["state"].update(changes);
  impl_->record["state"]["time"] = time_text("%Y-%m-%dT%H:%M:%S%z");
  impl_->save();
}

std::optional<json> Run::result(const std::string& key) const { return read_result(impl_->folder, key); }
void Run::record(const std::string& key, const json& value) { record_result(impl_->folder, key, value); }

fs::path Run::checkpoints() const { return impl_->folder / "checkpoints"; }
fs::path Run::samples() const { return impl_->folder / "samples"; }

}  // namespace basin
