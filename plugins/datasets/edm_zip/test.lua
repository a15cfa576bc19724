local basin = require "basin"
local pictures = require "pictures"
if not pictures.can_decode() then return end
local place = pictures.place

local function refused(text, name) pictures.refused("edm_zip", { file = place("zip/" .. name) }, text) end

for _, name in ipairs { "stored", "deflated", "zip64", "unlabelled" } do
  for _, keep in ipairs { 0, 64 } do
    local data = basin.dataset "edm_zip" { file = place("zip/" .. name .. ".zip"), keep = keep }
    assert(data.count == 5 and data.classes == (name == "unlabelled" and 0 or 3) and data.shape[3] == 8)
    assert(data.reference == name .. ".zip, 5 images at 8x8")
    pictures.check(data, 1, 5, 0)
    pictures.check(data, 1, 5, 0)  -- decoded, then kept
  end
end
assert(basin.dataset("edm_zip", { file = place "zip/mixed.zip", size = 8 }).shape[2] == 8)

refused("has no dataset.json, which EDM's dataset tool writes", "no_json.zip")
local unlabelled = basin.dataset "edm_zip" { file = place "zip/no_json.zip", labels = false }
assert(unlabelled.count == 5 and unlabelled.classes == 0)
refused("has 4 labels for 5 pictures", "four_labels.zip")
refused("has no label for '00000/img00000000.png'", "other_names.zip")
refused('has the label ["00000/img00000000.png",[0.5,0.5]], and ["name", whole number] was expected', "vectors.zip")
refused("is no JSON object with", "not_json.zip")
refused("is encrypted ('00000/img00000000.png' is)", "encrypted.zip")
refused("has a member '../img.png', which leads out of the folder", "outside.zip")
refused("'00000/img00000009.png' of '" .. place "zip/no_image.zip" .. "' cannot be read: its 18 bytes are not a whole", "no_image.zip")
refused("' of '" .. place "zip/mixed.zip" .. "' is 12x12 pixels, and the first picture is 8x8", "mixed.zip")
pictures.refused("edm_zip", { file = place "shards/000.tar" }, "is no zip archive")
pictures.refused("edm_zip", { file = place "npz/labelled.npz" }, "There is no picture in")
for _, bytes in ipairs { 40, 700, 1300 } do
  pictures.refused("edm_zip", { file = pictures.cut("zip/stored.zip", bytes, "cut.zip") }, "'cut.zip' ends early")
end

-- One bit of a picture, whose checksum stands in the archive.
local file = assert(io.open(pictures.cut("zip/unlabelled.zip", 5000, "bit.zip"), "r+b"))
file:seek("set", 90)
file:write "x"
file:close()
pictures.refused("edm_zip", { file = "bit.zip" }, "'00000/img00000000.png' of 'bit.zip' cannot be read: CRC error")
print "ok"
