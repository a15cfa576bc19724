local basin = require "basin"
local pictures = require "pictures"
if not pictures.can_decode() then return end
local place = pictures.place

local function refused(text, name, more)
  local options = more or {}
  options.file = place("tar/" .. name)
  pictures.refused("webdataset", options, text)
end

-- Three shards, in the order of names: plain headers, pax records, GNU's long names; the last picture is a flat JPEG.
for _, keep in ipairs { 0, 64 } do
  local data = basin.dataset "webdataset" { root = place "shards", keep = keep }
  assert(data.count == 6 and data.classes == 3 and data.shape[1] == 3 and data.shape[2] == 8)
  pictures.check(data, 1, 5, 0)
  pictures.check(data, 1, 5, 0)  -- decoded, then kept
  local flat = data:images(6).pixels:reshape(-1):totable()
  for i = 1, 64 do
    assert(math.abs(flat[i] - 100) < 4 and math.abs(flat[64 + i] - 150) < 4 and math.abs(flat[128 + i] - 200) < 4)
  end
end
local one = basin.dataset "webdataset" { file = place "shards/001.tar" }
assert(one.count == 2 and one.classes == 3 and one.reference:find "1 shard, 2 images at 8x8$")
pictures.check(one, 1, 2, 2)
assert(basin.dataset("webdataset", { file = place "tar/unlabelled.tar" }).classes == 0)
assert(basin.dataset("webdataset", { file = place "tar/mixed.tar", size = 4 }).shape[2] == 4)

refused("has a member '../../000001.png', which leads out of the folder", "outside.tar")
refused("has a member '/000001.png', which leads out of the folder", "absolute.tar")
refused("'000001.png' of '" .. place "tar/no_image.tar" .. "' cannot be read: its 42 bytes are not a whole image", "no_image.tar")
refused("The sample '000001' of '" .. place "tar/no_picture.tar" .. "' has no picture", "no_picture.tar")
refused("'000000.png' of '" .. place "tar/two_pictures.tar" .. "' has two pictures", "two_pictures.tar")
refused("is 'cat', and the number of a class was expected", "label.tar")
refused("has a link '000001.png'", "link.tar")
refused("'000001.png' of '" .. place "tar/mixed.tar" .. "' is 12x12 pixels, and the first picture is 8x8: give size = N", "mixed.tar")
refused("is compressed (gzip)", "compressed.tar")
refused("There is no sample in", "empty.tar")
pictures.refused("webdataset", { file = place "zip/stored.zip" }, "is no tar archive")
pictures.refused("webdataset", { root = place "npz" }, "no .tar file")
pictures.refused("webdataset", {}, "neither was given")
pictures.refused("webdataset", { root = place "shards", file = place "shards/000.tar" }, "both were given")

-- Cut inside a picture, inside a header, and between two samples.
for _, bytes in ipairs { 1024 + 512 + 40, 512 * 2 + 100, 512 * 4 } do
  local file = pictures.cut("tar/unlabelled.tar", bytes, "cut.tar")
  pictures.refused("webdataset", { file = file }, "cut.tar")
end
pictures.refused("webdataset", { file = pictures.cut("tar/unlabelled.tar", 512 * 4, "cut.tar") }, "ends early")
print "ok"
