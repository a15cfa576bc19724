// What a shared library gives to others, read from its bytes: the table of its dynamic symbols.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace basin {

struct Symbol {
  std::string name;     // as the linker has it, mangled
  bool unique = false;  // STB_GNU_UNIQUE: one for all libraries of the process
};

// In the table's order. Error, one sentence: no table, or tables that point outside the file.
std::vector<Symbol> exported_symbols(const std::filesystem::path& file);

}  // namespace basin
