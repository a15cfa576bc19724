// The host as a plugin under test sees it: every function of every interface behind a gate that counts the call, can
// make it fail, and knows what is only lent. The host's own code does not pass through them.
#pragma once
#include <string>
#include <vector>

#include <basin/random.h>

#include "abi/handles.hpp"
#include "plugin/registry.hpp"

namespace basin::checking {

// Puts the gates before all interfaces of the host, before a plugin is loaded. Once in a process.
void install_gates();

// Ids of all interfaces behind gates: "basin.tensor/1".
std::vector<std::string> gated_interfaces();
// The host's own table, without gates.
const void* ungated(const std::string& id);
// From now on the host lacks this interface for plugins that ask; "" gives it back.
void hide_interface(const std::string& id);

// While it lives, calls of the host's functions that can fail are counted, and call number `failing` (from 1; 0: none)
// fails with kInjected instead of doing anything.
class Watch {
 public:
  explicit Watch(uint64_t failing = 0);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  uint64_t calls() const;
  std::string failed() const;  // the function that was made to fail, "ops.add"; "" for none
};
inline constexpr const char* kInjected = "the check makes this call fail";

// What the plugin did with things that it had only borrowed, one sentence each.
const std::vector<std::string>& misuses();

// Things lent to the plugin until the end of the scope. Tensors are handles of their own: using one after the scope
// without having retained it is a misuse and fails. Memory is pages of its own: reading it after the scope ends the
// process with a signal, and the last line says what it was.
class Loan {
 public:
  explicit Loan(std::string until);  // "forward returned"
  ~Loan();
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

  basin_tensor* tensor(const Tensor& tensor, const std::string& what);
  template <class T>
  T* memory(const T* from, size_t count, const std::string& what) {
    return static_cast<T*>(bytes(from, count * sizeof(T), what));
  }
  // A context whose sample ids are lent, too.
  const basin_context* context(const basin_context& context);

 private:
  void* bytes(const void* from, size_t size, const std::string& what);
  std::string until_;
  std::vector<size_t> pages_;
  std::vector<Tensor> tensors_;
};

// The component with its create behind a gate: options, and the text and lists among them, are lent until it returns.
// The copy lives as long as the process.
const basin_component* gate_component(const basin_component* component);

}  // namespace basin::checking
