// Reading an ELF file's notes without the linker: System V ABI, ELF-64, "Note Section".
#include "plugin/note.hpp"

#include <basin/core.h>
#include <elf.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <vector>

#include "abi/error.hpp"

namespace basin {
namespace {

#if defined(__x86_64__)
constexpr int kMachine = EM_X86_64;
constexpr const char* kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr int kMachine = EM_AARCH64;
constexpr const char* kMachineName = "AArch64";
#else
#error "Basin knows no ELF machine number for this processor"
#endif

constexpr uint64_t kLargestNotes = 1 << 16;  // bytes of a segment: compilers' notes take a hundred

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& sentence) {
  throw Error("the plugin file '" + file.string() + "' " + sentence, BASIN_ERROR_ABI);
}

std::string machine_name(int machine) {
  switch (machine) {
    case EM_X86_64: return "x86-64";
    case EM_AARCH64: return "AArch64";
    case EM_386: return "32-bit x86";
    case EM_RISCV: return "RISC-V";
    case EM_PPC64: return "PowerPC";
    default: return "ELF machine " + std::to_string(machine);
  }
}

// Up to a NUL, as a sentence can hold it.
std::string printable(const char* text, size_t most) {
  std::string out(text, strnlen(text, most));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

// The Basin note among the notes of one segment.
std::optional<Note> find_note(const std::vector<char>& notes, uint64_t alignment) {
  constexpr size_t kHeader = offsetof(basin_note, name);
  const uint64_t step = alignment == 8 ? 8 : 4;
  auto aligned = [step](uint64_t n) { return (n + step - 1) / step * step; };
  for (uint64_t at = 0; at + kHeader <= notes.size();) {
    uint32_t head[3];  // name size, descriptor size, type
    std::memcpy(head, notes.data() + at, sizeof head);
    uint64_t name = at + kHeader, content = aligned(name + head[0]), next = aligned(content + head[1]);
    if (content + head[1] > notes.size()) break;
    if (head[2] == BASIN_NOTE_TYPE && head[0] == sizeof BASIN_NOTE_NAME &&
        std::memcmp(notes.data() + name, BASIN_NOTE_NAME, sizeof BASIN_NOTE_NAME) == 0) {
      basin_note note{};
      size_t have = std::min<size_t>(head[1], sizeof note - offsetof(basin_note, magic));
      std::memcpy(&note.magic, notes.data() + content, have);
      if (have >= 12 && note.magic == BASIN_NOTE_MAGIC)
        return Note{note.abi_major, note.kind == BASIN_PINNED, printable(note.engine, sizeof note.engine)};
    }
    at = next;
  }
  return std::nullopt;
}

}  // namespace

std::string engine_version() {
  return std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR) + "." +
         std::to_string(TORCH_VERSION_PATCH);
}

Note read_note(FileReader& in) {
  const auto& file = in.file();
  const uint64_t size = in.size();
  if (size == 0) refuse(file, "is empty; build or copy it again");
  Elf64_Ehdr head{};
  in.read(&head, std::min<uint64_t>(size, sizeof head), 0);
  if (size < SELFMAG || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
    refuse(file, "is no shared library: it does not begin as an ELF file does; build the plugin with Basin's SDK");
  auto truncated = [&](uint64_t needed) {
    refuse(file, "is truncated: by its own tables it has " + std::to_string(needed) + " bytes, and it has " +
                     std::to_string(size) + "; build or copy it again");
  };
  if (size < sizeof head) truncated(sizeof head);
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_machine != kMachine)
    refuse(file, "was built for " + machine_name(head.e_machine) + ", and this machine is " + kMachineName +
                     "; build it here");
  if (head.e_type != ET_DYN || head.e_phentsize != sizeof(Elf64_Phdr))
    refuse(file, "is an ELF file but no shared library; build the plugin with Basin's SDK");
  auto need = [&](uint64_t from, uint64_t bytes) {
    if (bytes > UINT64_MAX - from || from + bytes > size)
      truncated(bytes > UINT64_MAX - from ? UINT64_MAX : from + bytes);
  };
  need(head.e_shoff, uint64_t(head.e_shnum) * head.e_shentsize);
  need(head.e_phoff, uint64_t(head.e_phnum) * sizeof(Elf64_Phdr));
  std::vector<Elf64_Phdr> segments(head.e_phnum);
  in.read(segments.data(), segments.size() * sizeof(Elf64_Phdr), head.e_phoff);
  for (const auto& segment : segments) need(segment.p_offset, segment.p_filesz);
  for (const auto& segment : segments) {
    if (segment.p_type != PT_NOTE) continue;
    std::vector<char> notes(std::min(segment.p_filesz, kLargestNotes));
    in.read(notes.data(), notes.size(), segment.p_offset);
    if (auto note = find_note(notes, segment.p_align)) return *note;
  }
  refuse(file,
         "carries no note of Basin's, so it is another kind of library; a plugin is built with Basin's SDK, whose "
         "BASIN_PLUGIN or BASIN_NOTE writes the note");
}

void check_note(const Note& note, const std::filesystem::path& file, const std::string& engine) {
  if (note.abi_major != BASIN_ABI_MAJOR)
    refuse(file, "was built for ABI major " + std::to_string(note.abi_major) + ", and this Basin speaks major " +
                     std::to_string(BASIN_ABI_MAJOR) + "; " +
                     (note.abi_major > BASIN_ABI_MAJOR ? "update Basin, or build the plugin with this Basin's SDK"
                                                       : "build the plugin with this Basin's SDK"));
  if (note.pinned && note.engine != engine)
    refuse(file, "is pinned to LibTorch " + note.engine + ", and this Basin runs on LibTorch " + engine +
                     "; build the plugin with this Basin's SDK, or as a portable one");
}

}  // namespace basin
