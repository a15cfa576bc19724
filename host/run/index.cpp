// The index of runs in SQLite, see the header.
#include "run/index.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "abi/error.hpp"
#include "plugin/value.hpp"
#include "run/run.hpp"

namespace basin {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr int kSchema = 1;  // of another one the index is made anew

// SQLite says no. Damaged files and folders that cannot be written are answered, anything else is an Error.
struct Refused {
  int code;
  std::string sentence;
  bool damaged() const {
    const int kind = code & 0xff;
    return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_SCHEMA || kind == SQLITE_ERROR ||
           kind == SQLITE_MISMATCH;
  }
};

class Database {
 public:
  explicit Database(const std::string& file) {
    const int code = sqlite3_open_v2(file.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    if (code != SQLITE_OK) {
      Refused refused{code, db_ ? sqlite3_errmsg(db_) : "out of memory"};
      sqlite3_close(db_);
      throw refused;
    }
    sqlite3_busy_timeout(db_, 30000);
  }
  ~Database() { sqlite3_close(db_); }
  Database(const Database&) = delete;
  sqlite3* get() const { return db_; }
  void run(const char* sql) const { check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)); }
  void check(int code) const {
    if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE) throw Refused{code, sqlite3_errmsg(db_)};
  }

 private:
  sqlite3* db_ = nullptr;
};

class Statement {
 public:
  Statement(const Database& db, const std::string& sql) : db_(db) {
    db.check(sqlite3_prepare_v2(db.get(), sql.c_str(), -1, &statement_, nullptr));
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;

  void bind(int at, const json& value) {
    if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      db_.check(sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT));
    } else if (value.is_number_integer()) {
      db_.check(sqlite3_bind_int64(statement_, at, value.get<int64_t>()));
    } else if (value.is_number() && std::isfinite(value.get<double>())) {
      db_.check(sqlite3_bind_double(statement_, at, value.get<double>()));
    } else {
      db_.check(sqlite3_bind_null(statement_, at));
    }
  }
  template <class... Values>
  void run(const Values&... values) {
    int at = 0;
    (bind(++at, json(values)), ...);
    while (step()) {
    }
    sqlite3_reset(statement_);
  }
  bool step() {
    const int code = sqlite3_step(statement_);
    db_.check(code);
    return code == SQLITE_ROW;
  }
  int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  double number(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL ? NAN : sqlite3_column_double(statement_, column);
  }
  std::string text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return {bytes ? bytes : "", static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
  }
  json value(int column) const {
    switch (sqlite3_column_type(statement_, column)) {
      case SQLITE_INTEGER: return integer(column);
      case SQLITE_FLOAT: return number(column);
      case SQLITE_NULL: return nullptr;
      default: return text(column);
    }
  }

 private:
  const Database& db_;
  sqlite3_stmt* statement_ = nullptr;
};

// One process at a time opens, mends and updates an index: what SQLite's own locks leave open is replacing a damaged file.
class Turn {
 public:
  explicit Turn(const fs::path& file) : fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (fd_ >= 0)
      while (::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
      }
  }
  ~Turn() {
    if (fd_ >= 0) ::close(fd_);
  }
  Turn(const Turn&) = delete;
  bool writable() const { return fd_ >= 0; }

 private:
  int fd_;
};

void remove_index(const fs::path& file) {
  std::error_code ignored;
  for (const char* end : {"", "-journal", "-wal", "-shm"}) fs::remove(file.string() + end, ignored);
}

std::unique_ptr<Database> open_schema(const std::string& file) {
  auto db = std::make_unique<Database>(file);
  {
    Statement version(*db, "PRAGMA user_version");
    if (version.step() && version.integer(0) == kSchema) return db;
  }
  db->run(
      "BEGIN IMMEDIATE; DROP TABLE IF EXISTS runs; DROP TABLE IF EXISTS facts;"
      "CREATE TABLE runs (folder TEXT PRIMARY KEY, number INTEGER, stamp INTEGER, state TEXT, last_line TEXT,"
      " problem TEXT);"
      "CREATE TABLE facts (folder TEXT, kind TEXT, name TEXT, value, low REAL, high REAL);"
      "CREATE INDEX facts_by_folder ON facts (folder, name); CREATE INDEX facts_by_name ON facts (name);");
  db->run(("PRAGMA user_version = " + std::to_string(kSchema) + "; COMMIT").c_str());
  return db;
}

// Reads what changed since the last time; the number of folders read.
size_t update(const Database& db, const fs::path& root) {
  struct Known {
    int64_t stamp;
    std::string state;
  };
  std::map<std::string, Known> known;
  {
    Statement all(db, "SELECT folder, stamp, state FROM runs");
    while (all.step()) known[all.text(0)] = {all.integer(1), all.text(2)};
  }
  std::vector<std::pair<Summary, int64_t>> changed;
  for (const fs::path& folder : run_folders(root)) {
    const std::string name = folder.filename().string();
    const int64_t stamp = stamp_of(folder);
    const auto found = known.find(name);
    // Whether a run lives is not in its files.
    const bool same = found != known.end() && found->second.stamp == stamp &&
                      (found->second.state != "running" || is_open(folder)) &&
                      (found->second.state != "died" || !is_open(folder));
    if (!same) changed.emplace_back(summarize(folder), stamp);
    if (found != known.end()) known.erase(found);
  }
  if (changed.empty() && known.empty()) return 0;
  db.run("BEGIN IMMEDIATE");
  try {
    Statement forget_run(db, "DELETE FROM runs WHERE folder = ?"), forget(db, "DELETE FROM facts WHERE folder = ?"),
        add_run(db, "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)"),
        add(db, "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)");
    for (const auto& [gone, _] : known) forget_run.run(gone), forget.run(gone);  // folders that were deleted
    for (const auto& [run, stamp] : changed) {
      const std::string name = run.folder.filename().string();
      forget_run.run(name), forget.run(name);
      add_run.run(name, run.number, stamp, run.state, run.last_line, run.problem);
      for (const Fact& fact : run.facts) add.run(name, fact.kind, fact.name, fact.value, fact.low, fact.high);
    }
    db.run("COMMIT");
  } catch (...) {
    sqlite3_exec(db.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
  return changed.size();
}

// "fid (small_features)[ema]" -> "fid[ema]"
std::string without_features(const std::string& name) {
  const size_t from = name.find(" ("), to = name.find(')');
  return from < to && to != name.npos && from < name.find('[') ? name.substr(0, from) + name.substr(to + 1) : name;
}

struct Condition {
  std::string name, comparison;
  json value;
};

Condition parse(const std::string& text) {
  const size_t at = text.find_first_of("<>=!~");
  const size_t length = at == text.npos ? 0 : text.compare(at + 1, 1, "=") == 0 && text[at] != '=' ? 2 : 1;
  const std::string sign = at == text.npos ? "" : text.substr(at, length);
  const auto trimmed = [](std::string s) {
    s.erase(0, std::min(s.size(), s.find_first_not_of(' ')));
    s.erase(s.find_last_not_of(' ') + 1);
    return s;
  };
  Condition out{trimmed(text.substr(0, at == text.npos ? 0 : at)), sign, {}};
  const std::string value = at == text.npos ? "" : trimmed(text.substr(at + length));
  if (out.name.empty() || sign == "!" || sign == "~=" || value.empty())
    throw Error("'" + text +
                "' is no condition; one is NAME=VALUE, NAME!=VALUE, NAME<VALUE, NAME<=VALUE, NAME>VALUE, "
                "NAME>=VALUE or NAME~PART, such as 'fid<8' or 'name~sam'");
  const json number = json::parse(value, nullptr, false);
  out.value = sign != "~" && number.is_number() ? number : json(value);
  return out;
}

}  // namespace

struct RunIndex::Impl {
  fs::path root;
  std::unique_ptr<Database> db;
  bool in_memory = false;
  size_t refreshed = 0;

  void open(const std::string& file) {
    db = open_schema(file);
    refreshed = update(*db, root);
  }
};

RunIndex::RunIndex(const fs::path& root, bool rebuild) : impl_(std::make_unique<Impl>()) {
  std::error_code error;
  if (!fs::is_directory(root, error)) {
    if (fs::exists(root, error)) throw Error("'" + root.string() + "' is a file; a folder of runs was expected");
    throw Error("there is no folder of runs '" + root.string() +
                "'; --runs DIR names one, and basin run SCRIPT.lua makes "
                "it");
  }
  if (fs::exists(root / "run.json", error))
    throw Error("'" + root.string() + "' is the folder of one run; --runs takes the folder that holds it");
  impl_->root = root;
  const fs::path file = root / ".index.sqlite";
  const Turn turn(root / ".index.lock");
  for (int attempt = 0; turn.writable() && attempt < 2; attempt++) {
    if (rebuild || attempt > 0) remove_index(file);
    try {
      impl_->open(file.string());
      return;
    } catch (const Refused& refused) {
      impl_->db.reset();
      if (!refused.damaged()) break;
    }
  }
  impl_->in_memory = true;  // somebody else's runs, a full disk
  try {
    impl_->open(":memory:");
  } catch (const Refused& refused) {
    throw Error("the runs in '" + root.string() + "' cannot be listed: " + refused.sentence, BASIN_ERROR_IO);
  }
}

RunIndex::~RunIndex() = default;
bool RunIndex::in_memory() const { return impl_->in_memory; }
size_t RunIndex::refreshed() const { return impl_->refreshed; }

std::string RunIndex::name_of(const std::string& word) const {
  std::vector<std::string> names, like;
  Statement all(*impl_->db, "SELECT DISTINCT name FROM facts ORDER BY name");
  while (all.step()) names.push_back(all.text(0));
  if (std::find(names.begin(), names.end(), word) != names.end()) return word;
  for (const auto& name : names)
    if (name.ends_with("." + word) || without_features(name) == word) like.push_back(name);
  // What a script's argument set is more than the argument: optimizer.rho before args.rho.
  if (like.size() > 1) std::erase_if(like, [](const std::string& name) { return name.starts_with("args."); });
  if (like.size() == 1) return like[0];
  std::string sentence = "no run has '" + word + "'";
  if (like.size() > 1) {
    sentence = "'" + word + "' may be ";
    for (size_t i = 0; i < like.size(); i++) sentence += (i == 0 ? "" : i + 1 < like.size() ? ", " : " or ") + like[i];
  } else {
    std::vector<std::string> words = names;  // also the last words of long names: rhp -> optimizer.rho
    for (const auto& name : names)
      if (const size_t dot = name.rfind('.'); dot != name.npos) words.push_back(name.substr(dot + 1));
    if (const std::string near = nearest(word, words); !near.empty()) sentence += "; did you mean '" + near + "'?";
    else sentence += "; basin runs --names lists what they have";
  }
  throw Error(sentence);
}

std::vector<Summary> RunIndex::find(const RunQuery& query) const {
  std::vector<Summary> out;
  try {
    std::string sql = "SELECT folder, number, state, last_line, problem FROM runs WHERE 1";
    std::vector<json> values;
    for (const std::string& text : query.where) {
      const Condition c = parse(text);
      // A number is compared with numbers, a text with texts; "!=" also holds where there is none.
      const bool negated = c.comparison == "!=";
      const std::string sign = negated ? "=" : c.comparison;
      sql += std::string(" AND ") + (negated ? "NOT " : "") +
             "EXISTS (SELECT 1 FROM facts WHERE facts.folder = runs.folder AND name = ? AND ";
      if (sign == "~") sql += "instr(lower(value), lower(?)) > 0)";
      else
        sql += std::string("typeof(value) ") + (c.value.is_string() ? "=" : "!=") + " 'text' AND value " + sign + " ?)";
      values.push_back(name_of(c.name));
      values.push_back(c.value);
    }
    const char* direction = query.reverse ? " DESC" : "";
    if (!query.sort.empty()) {
      const std::string by = "(SELECT value FROM facts WHERE facts.folder = runs.folder AND name = ?)";
      values.push_back(name_of(query.sort));
      values.push_back(values.back());
      sql += " ORDER BY " + by + " IS NULL, " + by + direction + ", number, folder";
    } else {
      sql += std::string(" ORDER BY number") + direction + ", folder" + direction;
    }
    if (query.limit > 0) sql += " LIMIT " + std::to_string(query.limit);
    Statement runs(*impl_->db, sql);
    for (size_t i = 0; i < values.size(); i++) runs.bind(static_cast<int>(i + 1), values[i]);
    while (runs.step()) {
      Summary run{impl_->root / runs.text(0), runs.integer(1), runs.text(2), runs.text(3), runs.text(4), {}};
      Statement own(*impl_->db, "SELECT kind, name, value, low, high FROM facts WHERE folder = ? ORDER BY rowid");
      own.bind(1, runs.text(0));
      while (own.step()) run.facts.push_back({own.text(0), own.text(1), own.value(2), own.number(3), own.number(4)});
      out.push_back(std::move(run));
    }
  } catch (const Refused& refused) {
    throw Error("the index of '" + impl_->root.string() + "' is damaged (" + refused.sentence +
                    "); basin runs --rebuild makes it anew from the folders",
                BASIN_ERROR_IO);
  }
  return out;
}

fs::path find_run(const fs::path& root, const std::string& word) {
  std::error_code error;
  if (word.empty()) throw Error("a run's number, name or folder was expected, and '' was given");
  const bool is_folder = fs::is_directory(word, error);
  if (is_folder) {
    const fs::path folder = fs::path(word).lexically_normal();
    const fs::path bare = folder.has_filename() ? folder : folder.parent_path();
    if (fs::exists(bare / "run.json", error) || run_number(bare) >= 0) return bare;
  }
  const auto folders = run_folders(root);
  std::vector<fs::path> same_number, same_name;
  std::vector<std::string> names;
  const bool digits = std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c); });
  for (const auto& folder : folders) {
    const std::string name = folder.filename().string();
    if (name == word) return folder;
    names.push_back(name);
    const std::string own = name.substr(name.find('-') + 1);
    names.push_back(own);
    if (own == word) same_name.push_back(folder);
    if (digits && word.size() <= 12 && run_number(folder) == std::stoll(word)) same_number.push_back(folder);
  }
  if (!same_name.empty()) return same_name.back();
  if (same_number.size() == 1) return same_number[0];
  const std::string place = "'" + root.string() + "'";
  if (same_number.size() > 1)
    throw Error("two folders in " + place + " have the number " + word + ": " + same_number[0].filename().string() +
                " and " + same_number[1].filename().string() + "; say which");
  if (is_folder) throw Error("'" + word + "' is no run's folder: it holds no run.json");
  if (folders.empty()) throw Error("there is no run '" + word + "': " + place + " holds none");
  if (digits)
    throw Error("there is no run " + word + " in " + place + ": they are " +
                std::to_string(run_number(folders.front())) + " to " + std::to_string(run_number(folders.back())));
  const std::string near = nearest(word, names);
  throw Error("there is no run '" + word + "' in " + place +
              (near.empty() ? "; basin runs lists them" : "; did you mean '" + near + "'?"));
}

}  // namespace basin
