// Reading an ELF file's dynamic symbols without the linker: System V ABI, ELF-64, "Symbol Table".
#include "plugin/symbols.hpp"

#include <elf.h>

#include <cstring>

#include "abi/error.hpp"
#include "plugin/files.hpp"

namespace basin {

std::vector<Symbol> exported_symbols(const std::filesystem::path& file) {
  const std::string bytes = read_file(file);
  const auto refuse = [&](const char* sentence) {
    throw Error("the file '" + file.string() + "' " + sentence + "; build or copy it again", BASIN_ERROR_ABI);
  };
  // The i-th of the records that begin at `from`.
  const auto record = [&]<class T>(uint64_t from, uint64_t i, T& out) {
    if (from > bytes.size() || i >= (bytes.size() - from) / sizeof out) refuse("has a table that ends outside it");
    std::memcpy(&out, bytes.data() + from + i * sizeof out, sizeof out);
  };
  Elf64_Ehdr head;
  record(0, 0, head);
  std::vector<Symbol> out;
  bool found = false;
  for (uint64_t i = 0; i < head.e_shnum; i++) {
    Elf64_Shdr table, names;
    record(head.e_shoff, i, table);
    if (table.sh_type != SHT_DYNSYM) continue;
    found = true;
    record(head.e_shoff, table.sh_link, names);
    for (uint64_t k = 0; k < table.sh_size / sizeof(Elf64_Sym); k++) {
      Elf64_Sym symbol;
      record(table.sh_offset, k, symbol);
      const int bind = ELF64_ST_BIND(symbol.st_info), visibility = ELF64_ST_VISIBILITY(symbol.st_other);
      if (symbol.st_shndx == SHN_UNDEF || bind == STB_LOCAL) continue;
      if (visibility == STV_HIDDEN || visibility == STV_INTERNAL) continue;
      const size_t end = names.sh_offset < bytes.size() && symbol.st_name < bytes.size() - names.sh_offset
                             ? bytes.find('\0', names.sh_offset + symbol.st_name)
                             : bytes.npos;
      if (end == bytes.npos) refuse("has a symbol whose name lies outside it");
      out.push_back({bytes.substr(names.sh_offset + symbol.st_name, end - names.sh_offset - symbol.st_name),
                     bind == STB_GNU_UNIQUE});
    }
  }
  if (!found) refuse("has no table of dynamic symbols");
  return out;
}

}  // namespace basin
