// What is lent, and what becomes of it when the borrow ends. Pages and handles that were lent are never used again, so
// that an address tells what it was.
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>

#include "abi/context.hpp"
#include "check/ledger.hpp"

namespace basin::checking {
namespace {

struct Page {
  char* begin;
  size_t size;
  char label[256];  // read by the signal's handler
  bool revoked;
};
constexpr size_t kPages = 1 << 16;
Page* pages() {  // never moves: the handler reads it
  static auto* all = static_cast<Page*>(::mmap(nullptr, kPages * sizeof(Page), PROT_READ | PROT_WRITE,
                                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  return all;
}
size_t n_pages = 0;

struct Handle {
  std::string what;
  bool lent = true;   // its borrow has not ended
  int64_t owned = 0;  // references that the plugin holds
};
std::map<const basin_tensor*, Handle>& handles() {
  static auto* all = new std::map<const basin_tensor*, Handle>;
  return *all;
}
std::recursive_mutex& mutex() {
  static auto* one = new std::recursive_mutex;
  return *one;
}
std::vector<std::string>& found() {
  static auto* all = new std::vector<std::string>;
  return *all;
}

}  // namespace

const std::vector<std::string>& misuses() { return found(); }

void note_misuse(const std::string& sentence) {
  std::lock_guard lock(mutex());
  auto& all = found();
  if (all.size() < 20 && std::find(all.begin(), all.end(), sentence) == all.end()) all.push_back(sentence);
}

bool may_use(const basin_tensor* handle, const char* function) {
  if (!handle) return true;
  std::lock_guard lock(mutex());
  const auto at = handles().find(handle);
  if (at == handles().end() || at->second.lent || at->second.owned > 0) return true;
  note_misuse(at->second.what + ", and it was given to " + function +
              " later, without a reference of the plugin's own (retain gives one)");
  return false;
}

void count_reference(const basin_tensor* handle, int64_t change) {
  std::lock_guard lock(mutex());
  if (const auto at = handles().find(handle); at != handles().end()) at->second.owned += change;
}

bool may_release(const basin_tensor* handle) {
  std::lock_guard lock(mutex());
  const auto at = handles().find(handle);
  if (at == handles().end() || at->second.owned > 0) return true;
  note_misuse(at->second.what + ", and the plugin released it without owning a reference");
  return false;
}

const char* explain_address(const void* address) {
  for (size_t i = 0; i < n_pages; i++) {
    const Page& page = pages()[i];
    if (page.revoked && address >= page.begin && address < page.begin + page.size) return page.label;
  }
  return nullptr;
}

Loan::Loan(std::string until) : until_(std::move(until)) {}

Loan::~Loan() {
  std::lock_guard lock(mutex());
  for (const size_t i : pages_) {
    ::mprotect(pages()[i].begin, pages()[i].size, PROT_NONE);
    pages()[i].revoked = true;
  }
  for (const Tensor& tensor : tensors_) handles().at(lend(tensor)).lent = false;
  static auto* kept = new std::vector<Tensor>;  // so that no other tensor gets their addresses
  kept->insert(kept->end(), tensors_.begin(), tensors_.end());
}

basin_tensor* Loan::tensor(const Tensor& tensor, const std::string& what) {
  if (!tensor.defined()) return nullptr;
  const Tensor own_handle = tensor.detach();
  std::lock_guard lock(mutex());
  handles()[lend(own_handle)].what = what + " was borrowed until " + until_;
  tensors_.push_back(own_handle);
  return lend(own_handle);
}

void* Loan::bytes(const void* from, size_t size, const std::string& what) {
  std::lock_guard lock(mutex());
  if (n_pages == kPages) return std::memcpy(::operator new(std::max<size_t>(1, size)), from, size);  // lent for ever
  const size_t page = 4096, whole = std::max<size_t>(1, (size + page - 1) / page) * page;
  void* memory = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw Error("no memory to lend", BASIN_ERROR_MEMORY);
  if (size > 0) std::memcpy(memory, from, size);
  Page& entry = pages()[n_pages];
  entry.begin = static_cast<char*>(memory), entry.size = whole;
  std::snprintf(entry.label, sizeof entry.label, "%s was borrowed until %s, and is read or written later", what.c_str(),
                until_.c_str());
  pages_.push_back(n_pages++);
  return memory;
}

const basin_context* Loan::context(const basin_context& context) {
  basin_context copy = context;
  copy.sample_ids = memory(context.sample_ids, context.n_samples, "the context's list of sample ids");
  return memory(&copy, 1, "the context");
}

}  // namespace basin::checking
