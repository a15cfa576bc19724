// Finding and loading plugin files: what is refused, with which words, and what is found where.
#include <basin/averager.h>
#include <basin/noise_schedule.h>
#include <sys/stat.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "plugin/hash.hpp"
#include "plugin/load.hpp"
#include "plugin/note.hpp"
#include "support.hpp"
#include "toys/toy.h"

using namespace basin;

namespace {

std::string refusal(const fs::path& file) {
  start_host();
  Registry registry;
  std::string sentence = sentence_of([&] { registry.load(file); });
  INFO(sentence);
  CHECK(has(sentence, file.filename().string()));  // names the file
  CHECK(std::count(sentence.begin(), sentence.end(), '\n') == 0);
  std::string rest = sentence;
  for (size_t at; (at = rest.find(file.string())) != rest.npos;) rest.erase(at, file.string().size());
  CHECK(!has(rest, "/basin-"));  // and not its private copy
  return sentence;
}

}  // namespace

TEST_CASE("A plugin in C99 loads, with everything it declares") {
  start_host();
  Registry registry;
  const Plugin& plugin = registry.load(toy("toy"));
  CHECK(plugin.name == "toy");
  CHECK(plugin.version == "1.0.0");
  CHECK(plugin.license == "Apache-2.0");
  CHECK_FALSE(plugin.pinned);
  CHECK(plugin.sha256 == sha256(get(toy("toy"))));
  CHECK(plugin.opened_as != plugin.file);
  CHECK(plugin.opened_as.filename() == "toy.basin.so");
  CHECK_FALSE(fs::exists(plugin.opened_as));
  CHECK_FALSE(fs::exists(plugin.opened_as.parent_path()));
  REQUIRE(registry.components().size() == 2);
  const Component& c = registry.find("averager", "toy");
  CHECK(c.parameters.size() == 9);
  CHECK(c.plugin == &plugin);
  CHECK(registry.load(toy("pinned_here")).pinned);
}

TEST_CASE("What is wrong with a file is said before it is opened") {
  auto pinned = refusal(toy("pinned_elsewhere"));
  CHECK(has(pinned, "1.13.1"));
  CHECK(has(pinned, engine_version()));
  auto major = refusal(toy("other_major"));
  CHECK(has(major, "ABI major 7"));
  CHECK(has(major, "major " + std::to_string(BASIN_ABI_MAJOR)));
  CHECK(has(major, "update Basin"));
  CHECK(has(refusal(toy("no_note")), "carries no note"));

  Scratch scratch;
  auto broken = [&](const std::string& bytes) {
    put(scratch.path / "broken.basin.so", bytes);
    return refusal(scratch.path / "broken.basin.so");
  };
  CHECK(has(broken(""), "is empty"));
  CHECK(has(broken("print 'I am a script'\n"), "no shared library"));
  CHECK(has(broken(std::string("\177ELF")), "truncated"));
  std::string bytes = get(toy("toy"));
  std::string arm = bytes;
  arm[18] = '\xb7', arm[19] = 0;  // e_machine: AArch64
  CHECK(has(broken(arm), "AArch64"));
  std::string executable = bytes;
  executable[16] = 2;  // e_type: ET_EXEC
  CHECK(has(broken(executable), "no shared library"));

  CHECK(has(refusal(scratch.path / "missing.basin.so"), "No such file"));
  fs::create_directory(scratch.path / "folder.basin.so");
  CHECK(has(refusal(scratch.path / "folder.basin.so"), "regular file"));
  ::mkfifo((scratch.path / "pipe.basin.so").c_str(), 0600);  // must not block
  CHECK(has(refusal(scratch.path / "pipe.basin.so"), "regular file"));
}

TEST_CASE("A truncated plugin is refused wherever it was cut") {
  Scratch scratch;
  const std::string bytes = get(toy("toy"));
  const auto file = scratch.path / "cut.basin.so";
  for (size_t length = 5; length < bytes.size(); length += 1 + bytes.size() / 61) {
    put(file, bytes.substr(0, length));
    INFO("cut to " << length << " of " << bytes.size() << " bytes");
    CHECK(has(refusal(file), "truncated"));
  }
}

TEST_CASE("Broken headers and notes never crash the reader") {
  Scratch scratch;
  const std::string bytes = get(toy("toy"));
  const auto file = scratch.path / "noise.basin.so";
  const size_t note = bytes.find(std::string("Basin\0", 6));
  REQUIRE(note != bytes.npos);
  std::mt19937 random(7);
  int refused = 0;
  for (int i = 0; i < 600; i++) {
    std::string changed = bytes;
    const bool in_note = i % 3 == 0;
    for (int k = 0; k < 4; k++)
      changed[in_note ? note - 12 + random() % 64 : random() % 512] = static_cast<char>(random());
    put(file, changed);
    refused += !sentence_of([&] {
                  FileReader in(file);
                  check_note(read_note(in), file, engine_version());
                }).empty();
  }
  CHECK(refused > 300);
}

TEST_CASE("A plugin whose code or tables are wrong is refused in a sentence") {
  CHECK(has(refusal(toy("no_entry")), "exports no basin_plugin_entry"));
  CHECK(has(refusal(toy("throws")), "nobody caught me"));
  CHECK(has(refusal(toy("entry_fails")), "the licence server is on holiday"));
  CHECK(has(refusal(toy("no_table")), "no table"));
  CHECK(has(refusal(toy("small_table")), "3 bytes"));
  CHECK(has(refusal(toy("huge_table")), "2147483647 bytes"));
  CHECK(has(refusal(toy("table_major")), "ABI major 9"));
  CHECK(has(refusal(toy("no_components")), "brings no components"));
  CHECK(has(refusal(toy("many_components")), "4000000000 components"));
  CHECK(has(refusal(toy("no_name")), "name of component 1 is missing"));
  CHECK(has(refusal(toy("odd_name")), "'Toy Two'"));
  CHECK(has(refusal(toy("no_summary")), "summary of averager 'toy' is missing"));
  CHECK(has(refusal(toy("small_functions")), "8 bytes"));
  CHECK(has(refusal(toy("bad_default")), "option 'number' of averager 'toy': its default 'fast' is not a number"));
  CHECK(has(refusal(toy("default_out_of_range")), "of at least 0"));
}

TEST_CASE("A component of another draft is refused in one sentence with both sides") {
  auto older = refusal(toy("older_draft"));
  CHECK(has(older, "speaks basin.averager.draft/1, and this Basin basin.averager/1"));
  CHECK(has(older, "build the plugin with this Basin's SDK"));
  CHECK_FALSE(has(older, "update Basin"));
  CHECK(has(refusal(toy("newer_revision")), "speaks basin.averager/99, and this Basin basin.averager/1; update Basin"));
  CHECK(has(refusal(toy("newer_draft")), "update Basin"));
  CHECK(has(refusal(toy("released")), "update Basin"));
  auto unknown = refusal(toy("unknown_kind"));
  CHECK(has(unknown, "basin.oracle.draft/1"));
  CHECK(has(unknown, "averager"));
}

TEST_CASE("A component without a function that its kind needs is refused, and the function is named") {
  CHECK(has(refusal(toy("no_start")), "averager 'toy' has no function 'start', which every averager needs"));
  CHECK(has(refusal(toy("no_average")), "averager 'toy' has no function 'average'"));
  CHECK(has(refusal(toy("cut_functions")), "averager 'toy' has no function 'average'"));  // its struct ends before
  for (const Kind& kind : component_kinds()) CHECK_FALSE(kind.needed.empty());
}

TEST_CASE("Members that an older, smaller struct lacks read as null, where they may be null") {
  start_host();
  const auto update = [](const char* file) {
    Registry registry;
    registry.load(toy(file));
    Object object(check_options(registry.find("noise_schedule", "toy"), {}));
    auto f = object.functions<basin_noise_schedule_functions>();
    CHECK(f.create != nullptr);
    CHECK(f.draw != nullptr);
    return f.update != nullptr;
  };
  CHECK_FALSE(update("old_functions"));
  CHECK_FALSE(update("null_update"));
  CHECK(update("whole_functions"));
}

TEST_CASE("Search: the first file of a name wins, and its error is final") {
  start_host();
  Scratch scratch;
  const auto a = scratch.path / "a", b = scratch.path / "b", c = scratch.path / "c";
  for (const auto& folder : {a, b}) fs::create_directory(folder);
  fs::copy(toy("toy"), a / "one.basin.so");
  put(a / "two.basin.so", "not a library");
  fs::copy(toy("toy"), b / "two.basin.so");
  fs::copy(toy("newer"), b / "one.basin.so");
  fs::copy(toy("toy"), b / "libtoy.so");
  put(b / "readme.txt", "nothing");

  Registry registry;
  registry.search({a, c, b, a});
  CHECK((registry.folders() == std::vector<fs::path>{a, c, b}));
  std::map<std::string, const Sighting*> seen;
  for (const auto& s : registry.sightings()) seen[s.file.lexically_relative(scratch.path).string()] = &s;
  REQUIRE(seen.size() == 5);
  CHECK(seen["a/one.basin.so"]->fate == Sighting::found);  // looked at, not loaded
  CHECK(seen["a/two.basin.so"]->fate == Sighting::refused);
  CHECK(seen["b/one.basin.so"]->fate == Sighting::hidden);
  CHECK(has(seen["b/one.basin.so"]->reason, "hidden by"));
  CHECK(seen["b/two.basin.so"]->fate == Sighting::hidden);
  CHECK(seen["b/libtoy.so"]->fate == Sighting::refused);
  CHECK(has(seen["b/libtoy.so"]->reason, ".basin.so"));

  CHECK(registry.find("averager", "toy").plugin->version == "1.0.0");
  CHECK(seen["a/one.basin.so"]->fate == Sighting::loaded);
  CHECK(has(sentence_of([&] { registry.find("averager", "two"); }), "no shared library"));
}

TEST_CASE("A component is loaded from the file of its name, and nothing else is") {
  start_host();
  Scratch scratch;
  fs::copy(toy("newer"), scratch.path / "aaa.basin.so");
  fs::copy(toy("toy"), scratch.path / "toy.basin.so");
  fs::copy(toy("throws"), scratch.path / "zzz.basin.so");
  Registry registry;
  registry.search({scratch.path});
  CHECK(registry.find("averager", "toy").plugin->file == scratch.path / "toy.basin.so");
  std::vector<Sighting::Fate> fates;
  for (const auto& s : registry.sightings()) fates.push_back(s.fate);
  CHECK((fates == std::vector<Sighting::Fate>{Sighting::found, Sighting::loaded, Sighting::found}));
  CHECK(registry.find("optimizer", "second").name == "second");  // of another file's name: found all the same
  CHECK(registry.plugins().size() >= 1);
  registry.load_all();
  CHECK(registry.sightings().back().fate == Sighting::refused);
}

TEST_CASE("A file that does not hold the name is not opened") {
  start_host();
  Scratch scratch;
  fs::copy(toy("throws"), scratch.path / "a.basin.so");  // opening it would show: it is refused
  fs::copy(toy("toy"), scratch.path / "b.basin.so");
  {
    Registry registry;
    registry.search({scratch.path});
    CHECK(registry.find("averager", "toy").plugin->file == scratch.path / "b.basin.so");
    CHECK(registry.sightings()[0].fate == Sighting::found);
  }
  // A name across the border of what is read at once, a MiB, and at the end of the file.
  for (size_t before : {0, 1, 2, 3, 4}) {
    std::string bytes = get(toy("throws"));
    bytes.resize((1 << 20) - before, '.');
    put(scratch.path / "a.basin.so", bytes + std::string("toy\0", 4));
    Registry registry;
    registry.search({scratch.path});
    CHECK(registry.find("averager", "toy").plugin->file == scratch.path / "b.basin.so");
    CHECK(registry.sightings()[0].fate == Sighting::refused);
  }
}

TEST_CASE("Of two components of one name the first found is used, and the other one is named") {
  start_host();
  Scratch scratch;
  const auto a = scratch.path / "a", b = scratch.path / "b";
  for (const auto& folder : {a, b}) fs::create_directory(folder);
  fs::copy(toy("newer"), a / "mine.basin.so");
  fs::copy(toy("toy"), b / "toy.basin.so");
  for (bool all_at_first : {false, true}) {  // whatever was loaded before
    Registry registry;
    registry.search({a, b});
    if (all_at_first) registry.load_all();
    const Component& found = registry.find("averager", "toy");
    CHECK(found.plugin->file == a / "mine.basin.so");  // an earlier folder goes before a file of the very name
    CHECK(registry.components("averager") == std::vector<const Component*>{&found});
    const auto over = registry.passed_over();
    REQUIRE(over.size() == 1);
    CHECK(over[0].first->plugin->file == b / "toy.basin.so");
    CHECK(over[0].second == &found);
    CHECK(registry.load(b / "toy.basin.so").file == b / "toy.basin.so");
  }
  Registry registry;
  registry.search({b});
  registry.load(a / "mine.basin.so");  // by its path: ahead of all
  CHECK(registry.find("averager", "toy").plugin->file == a / "mine.basin.so");
}

TEST_CASE("Links that lead to themselves, and folders that are none, are said with a remedy") {
  start_host();
  Scratch scratch;
  fs::create_symlink("loop.basin.so", scratch.path / "loop.basin.so");
  auto loop = refusal(scratch.path / "loop.basin.so");
  CHECK(has(loop, "symbolic links"));
  CHECK(has(loop, "remove it, or link to the file"));
  fs::create_symlink(toy("toy"), scratch.path / "link.basin.so");
  fs::create_symlink("folder", scratch.path / "folder");
  put(scratch.path / "file", "");
  CHECK(folder_fault(scratch.path) == "");
  CHECK(folder_fault(scratch.path / "none") == kFolderAbsent);
  CHECK(has(folder_fault(scratch.path / "folder"), "remove it, or link to the folder"));
  CHECK(has(folder_fault(scratch.path / "file"), "is no folder"));
  Registry registry;
  registry.search({scratch.path / "folder", scratch.path / "file", scratch.path});
  CHECK(registry.find("averager", "toy").plugin->file == scratch.path / "link.basin.so");  // a good link is followed
  auto missing = sentence_of([&] { registry.find("averager", "tyo"); });
  CHECK(has(missing, "folder (which cannot be read: Too many levels of symbolic links"));
}

TEST_CASE("A file or folder without rights is refused with a remedy") {
  Scratch scratch;
  fs::copy(toy("toy"), scratch.path / "toy.basin.so");
  fs::permissions(scratch.path / "toy.basin.so", fs::perms::none);
  if (::access((scratch.path / "toy.basin.so").c_str(), R_OK) == 0)
    return;  // root may read all; tests/lua/bad_input.sh
  CHECK(has(refusal(scratch.path / "toy.basin.so"), "Permission denied (give yourself the right to it: chmod u+r"));
  fs::create_directory(scratch.path / "closed");
  fs::permissions(scratch.path / "closed", fs::perms::none);
  CHECK(has(folder_fault(scratch.path / "closed"), "chmod u+rx"));
}

TEST_CASE("A file that is replaced while it is being loaded is loaded whole, or refused") {
  start_host();
  Scratch scratch;
  const auto file = scratch.path / "toy.basin.so";
  const std::string one = get(toy("toy")), other = get(toy("newer"));
  put(file, one);
  {
    FileReader in(file);
    CHECK_FALSE(in.changed());
    put(scratch.path / "new", other);
    fs::rename(scratch.path / "new", file);
    CHECK_FALSE(in.changed());  // what was opened is as it was
    CHECK(in.size() == one.size());
  }
  {
    FileReader in(file);
    put(file, one.substr(0, 5000));  // as cp does it
    CHECK(in.changed());
    std::string bytes(other.size(), ' ');
    CHECK(has(sentence_of([&] { in.read(bytes.data(), bytes.size(), 0); }), "was cut while it was being read"));
  }
  put(file, one);
  std::atomic<int> rounds{0};
  std::thread writer([&] {
    for (; rounds < 60; rounds++) {
      const std::string& bytes = rounds % 2 ? one : other;
      if (rounds % 3) put(file, bytes);
      else put(scratch.path / "new", bytes), fs::rename(scratch.path / "new", file);
      std::this_thread::sleep_for(std::chrono::milliseconds(rounds % 7));  // so that some loads are in time
    }
  });
  int loaded = 0, refused = 0;
  while (rounds < 60) {
    Registry registry;
    std::string sha;
    const std::string sentence = sentence_of([&] { sha = registry.load(file).sha256; });
    INFO(sentence);
    if (sentence.empty()) {
      loaded++;
      CHECK((sha == sha256(one) || sha == sha256(other)));
      CHECK(registry.find("averager", "toy").plugin->version == (sha == sha256(one) ? "1.0.0" : "2.0.0"));
    } else {
      refused++;
      const bool known = has(sentence, "truncated") || has(sentence, "empty") || has(sentence, "while it was being") ||
                         has(sentence, "ends early");
      CHECK(known);
    }
  }
  writer.join();
  std::cout << loaded << " loaded, " << refused << " refused while the file was being written" << std::endl;
}

TEST_CASE("An unknown component: the nearest name, what there is, and where was looked") {
  start_host();
  Scratch scratch;
  fs::copy(toy("toy"), scratch.path / "toy.basin.so");
  put(scratch.path / "bad.basin.so", "x");
  Registry registry;
  registry.search({scratch.path, scratch.path / "nowhere"});
  auto sentence = sentence_of([&] { registry.find("averager", "tyo"); });
  CHECK(has(sentence, "no averager 'tyo'; did you mean 'toy'? There are: toy. Looked in: " + scratch.path.string()));
  CHECK(has(sentence, "nowhere (which is not there)"));
  CHECK(has(sentence, "1 cannot be used; basin plugins --why"));
  CHECK(has(sentence_of([&] { registry.find("averager", "unlike"); }),
            "no averager 'unlike'. There are: toy. Looked in: "));
  CHECK(has(sentence_of([&] { registry.find("averagr", "toy"); }), "did you mean 'averager'?"));
  CHECK(has(sentence_of([&] { registry.find("unlike", "toy"); }), "no kind of component 'unlike'. There are: "));
  CHECK(has(sentence_of([&] { Registry().find("model", "x"); }), "Looked in: no folder"));
}

TEST_CASE("A rebuilt plugin loads beside the old one; living objects keep theirs") {
  start_host();
  Scratch scratch;
  const auto file = scratch.path / "toy.basin.so";
  fs::copy(toy("toy"), file);
  Registry registry;
  registry.search({scratch.path});
  const Component& old = registry.find("averager", "toy");
  auto object = std::make_unique<Object>(check_options(old, {}));
  CHECK(&registry.load(file) == old.plugin);  // nothing has changed

  fs::remove(file);
  fs::copy(toy("newer"), file);
  const Plugin& reloaded = registry.load(file);
  CHECK(reloaded.version == "2.0.0");
  CHECK(registry.find("averager", "toy").plugin == &reloaded);
  CHECK(old.plugin->version == "1.0.0");
  auto living = [](const Object& o) {  // each build counts its own objects
    int count = -1;
    basin_context context{};
    context.size = sizeof context;
    context.step = reinterpret_cast<uintptr_t>(&count);
    o.call([&] { return o.functions<basin_averager_functions>().update(o.self(), &context); });
    return count;
  };
  Object fresh(check_options(registry.find("averager", "toy"), {}));
  CHECK(living(*object) == 1);
  CHECK(living(fresh) == 1);

  put(file, "broken build");
  CHECK_FALSE(sentence_of([&] { registry.load(file); }).empty());
  CHECK(registry.find("averager", "toy").plugin == &reloaded);  // the last good one stays
}

TEST_CASE("Plugin folders, in order") {
  ::setenv("BASIN_PLUGIN_PATH", "/one::/two", 1);
  ::setenv("XDG_DATA_HOME", "/data", 1);
  auto folders = plugin_folders("/project", "/installed");
  CHECK((folders == std::vector<fs::path>{"/one", "/two", "/project/plugins", "/data/basin/plugins", "/installed"}));
  ::unsetenv("BASIN_PLUGIN_PATH");
  ::unsetenv("XDG_DATA_HOME");
}
