// Plain values to bytes and back, for the caches.
// In: values of the types that `fieldsOf` knows, and standard containers of
// them. Out: bytes; or values, if the bytes are whole.
//
// A struct is taken apart by a structured binding, so that a new member does
// not compile until it is named here.
#pragma once
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace abi3ify {

template <class T>
concept Reflected = requires(T &value) { fieldsOf(value); };

template <class T, class... Kinds>
concept OneOf = (std::is_same_v<std::remove_const_t<T>, Kinds> || ...);

/// The members of TYPE, all of them: one too few does not compile.
#define ABI3IFY_FIELDS(TYPE, ...)                                                                  \
  template <OneOf<TYPE> T> auto fieldsOf(T &value) {                                               \
    auto &[__VA_ARGS__] = value;                                                                   \
    return std::tie(__VA_ARGS__);                                                                  \
  }

class ArchiveWriter {
public:
  std::string bytes;

  template <class T> void write(const T &value) {
    if constexpr (std::is_enum_v<T> || std::is_integral_v<T>)
      number(uint64_t(value));
    else if constexpr (std::is_convertible_v<const T &, llvm::StringRef>)
      string(value);
    else if constexpr (Reflected<const T>)
      std::apply([&](const auto &...each) { (write(each), ...); }, fieldsOf(value));
    else
      others(value);
  }

private:
  void number(uint64_t value) {
    for (; value >= 0x80; value >>= 7)
      bytes += char(value | 0x80);
    bytes += char(value);
  }
  /// A string that was written before is its number.
  void string(llvm::StringRef text) {
    auto [known, added] = strings.try_emplace(text, strings.size());
    number(known->second);
    if (!added)
      return;
    number(text.size());
    bytes += text;
  }
  template <class A, class B> void others(const std::pair<A, B> &pair) {
    write(pair.first);
    write(pair.second);
  }
  template <class T> void others(const std::optional<T> &value) {
    write(bool(value));
    if (value)
      write(*value);
  }
  void others(const std::vector<bool> &) = delete;
  template <class Container> void others(const Container &container) {
    number(container.size());
    for (const auto &each : container)
      write(each);
  }

  llvm::StringMap<uint64_t> strings;
};

class ArchiveReader {
public:
  explicit ArchiveReader(llvm::StringRef bytes) : rest(bytes) {}

  /// Whether all was there, and no more.
  bool finished() const { return !broken && rest.empty(); }

  /// What stands behind all that was read; nothing if that was not whole.
  llvm::StringRef left() const { return broken ? llvm::StringRef() : rest; }

  template <class T> void read(T &value) {
    if constexpr (std::is_enum_v<T> || std::is_integral_v<T>)
      value = T(number());
    else if constexpr (std::is_same_v<T, std::string>)
      string(value);
    else if constexpr (Reflected<T>)
      std::apply([&](auto &...each) { (read(each), ...); }, fieldsOf(value));
    else
      others(value);
  }

private:
  uint64_t number() {
    uint64_t value = 0;
    for (unsigned shift = 0; !rest.empty() && shift < 64; shift += 7) {
      unsigned char byte = rest.front();
      rest = rest.drop_front();
      value |= uint64_t(byte & 0x7F) << shift;
      if (byte < 0x80)
        return value;
    }
    broken = true;
    return 0;
  }
  /// Each element has a byte at least.
  uint64_t size() {
    uint64_t value = number();
    if (value > rest.size())
      broken = true;
    return broken ? 0 : value;
  }
  void string(std::string &text) {
    uint64_t index = number();
    if (index < strings.size())
      text = strings[index];
    else if (index > strings.size())
      broken = true;
    else {
      uint64_t length = size();
      strings.push_back(rest.take_front(length));
      rest = rest.drop_front(length);
      text = strings.back();
    }
  }
  template <class A, class B> void others(std::pair<A, B> &pair) {
    read(pair.first);
    read(pair.second);
  }
  template <class T> void others(std::optional<T> &value) {
    bool there;
    read(there);
    if (there && !broken)
      read(value.emplace());
  }
  template <class T> void others(std::vector<T> &list) {
    list.resize(size());
    for (T &each : list)
      read(each);
  }
  template <class T> void others(std::set<T> &list) {
    for (uint64_t left = size(); left && !broken; --left) {
      T each{};
      read(each);
      list.insert(list.end(), std::move(each));
    }
  }
  template <class K, class V> void others(std::map<K, V> &map) {
    for (uint64_t left = size(); left && !broken; --left) {
      K key{};
      read(key);
      read(map.try_emplace(map.end(), std::move(key))->second);
    }
  }

  llvm::StringRef rest;
  std::vector<llvm::StringRef> strings;
  bool broken = false;
};

} // namespace abi3ify
