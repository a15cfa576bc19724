-- What tests of the readers of pictures share: the archives of tests/data, what their pictures are, and what is refused.
local basin = require "basin"
local pictures = {}

local tests = package.searchpath("pictures", package.path):match "^(.*)/lua/[^/]*$"
function pictures.place(name) return tests .. "/data/fixtures/" .. name end

-- Items `first` to `last` of the data set are pictures `of`, of + 1, ... of tests/data/make_fixtures.py, bit for bit.
function pictures.check(data, first, last, of)
  local side = data.shape[2]
  for item = first, last do
    local found, at, k = data:images(item).pixels:reshape(-1):totable(), 0, of + item - first
    for c = 0, 2 do
      for y = 0, side - 1 do
        for x = 0, side - 1 do
          at = at + 1
          local wanted = (37 * k + 11 * y + 5 * x + 83 * c) % 256
          assert(found[at] == wanted, ("item %d, c %d, y %d, x %d: %s, not %d"):format(item, c, y, x, found[at], wanted))
        end
      end
    end
  end
end

-- Opening the data set and reading all of it fails, with one sentence that has `text` in it.
function pictures.refused(name, options, text)
  local ok, message = pcall(function()
    local data = basin.dataset(name, options)
    return data:read(1, data.count)
  end)
  message = tostring(message)
  assert(not ok and message:find(text, 1, true) and not message:find "\n", "expected '" .. text .. "', got: " .. message)
end

-- The first `bytes` bytes of a fixture under another name.
function pictures.cut(name, bytes, to)
  local source = assert(io.open(pictures.place(name), "rb"))
  local target = assert(io.open(to, "wb"))
  target:write(source:read(bytes))
  source:close()
  target:close()
  return to
end

-- False, and a line that says so, where OpenCV is not there to decode anything.
function pictures.can_decode()
  local ok, message = pcall(function() return basin.dataset("image_folder", { root = pictures.place "folder" }).count end)
  if ok then return true end
  assert(tostring(message):find "OpenCV", message)
  print "skipped: this machine cannot read pictures (no OpenCV)"
  return false
end

return pictures
