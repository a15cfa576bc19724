// The ELF note of a plugin file (basin/core.h): read from the bytes, before anything in the file can run.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "plugin/files.hpp"

namespace basin {

struct Note {
  uint32_t abi_major = 0;
  bool pinned = false;
  std::string engine;  // pinned: the LibTorch it was built with
};

// Error, one sentence: the file cannot be read, is truncated, no shared library of this machine, or has no note.
Note read_note(FileReader& in);

// Error, with both sides and the remedy: built for another ABI major, or pinned to another LibTorch than `engine`.
void check_note(const Note& note, const std::filesystem::path& file, const std::string& engine);

std::string engine_version();  // of the LibTorch this host was built with and runs on: "2.11.0"

}  // namespace basin
