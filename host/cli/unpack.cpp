// Unpacking through libarchive, into a folder of its own: members are looked at one by one before anything is written.
#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>

#include "abi/error.hpp"
#include "cli/download.hpp"
#include "plugin/files.hpp"

namespace basin::cli {
namespace {

namespace fs = std::filesystem;

struct Free {
  void operator()(archive* a) const { archive_read_free(a); }
};

// Why a member is not unpacked; "": it is.
std::string objection(const fs::path& name, archive_entry* entry) {
  if (name.empty() || name.is_absolute() || std::find(name.begin(), name.end(), "..") != name.end())
    return "would lead out of the folder it is unpacked in";
  const auto type = archive_entry_filetype(entry);
  if (archive_entry_hardlink(entry) || (type != AE_IFREG && type != AE_IFDIR)) return "is neither a file nor a folder";
  return "";
}

void unpack_into(const fs::path& file, const fs::path& folder) {
  const std::unique_ptr<archive, Free> in(archive_read_new());
  archive_read_support_format_tar(in.get());
  archive_read_support_filter_gzip(in.get());
  const auto fail = [&] {
    const char* why = archive_error_string(in.get());
    throw Error("the archive '" + file.string() + "' cannot be unpacked: " + (why ? why : "it is damaged"),
                BASIN_ERROR_IO);
  };
  if (archive_read_open_filename(in.get(), file.c_str(), 1 << 16) != ARCHIVE_OK) fail();
  archive_entry* entry = nullptr;
  int status;
  while ((status = archive_read_next_header(in.get(), &entry)) == ARCHIVE_OK) {
    const char* found = archive_entry_pathname(entry);
    const fs::path name = found ? found : "";
    if (const std::string why = objection(name, entry); !why.empty())
      throw Error("the archive '" + file.string() + "' has a member '" + name.string() + "' that " + why +
                      ": nothing of it was unpacked",
                  BASIN_ERROR_IO);
    if (archive_entry_filetype(entry) == AE_IFDIR) {
      make_folders(folder / name);
      continue;
    }
    make_folders((folder / name).parent_path());
    FileWriter out(folder / name);
    const void* bytes = nullptr;
    size_t count = 0;
    la_int64_t at = 0;
    int part;
    while ((part = archive_read_data_block(in.get(), &bytes, &count, &at)) == ARCHIVE_OK) out.write(bytes, count);
    if (part != ARCHIVE_EOF) fail();
    out.commit();
  }
  if (status != ARCHIVE_EOF) fail();
}

}  // namespace

void unpack(const fs::path& archive, const fs::path& folder) {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  make_folders(folder);
  try {
    unpack_into(archive, folder);
  } catch (...) {
    fs::remove_all(folder, ignored);
    throw;
  }
}

}  // namespace basin::cli
