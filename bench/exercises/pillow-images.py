"""Makes, changes, saves and reads images with Pillow; prints hashes, sizes and errors."""
import hashlib
import io
import sys

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageMath, ImageMorph, ImageOps, ImagePath, features


def short(image):
    return image.mode, image.size, hashlib.sha256(image.tobytes()).hexdigest()[:12]


def outcome(function, *arguments, **named):
    try:
        result = function(*arguments, **named)
        return short(result) if isinstance(result, Image.Image) else repr(result)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


image = Image.new("RGB", (64, 48), (10, 20, 30))
draw = ImageDraw.Draw(image)
draw.line((0, 0, 63, 47), fill=(255, 0, 0), width=3)
draw.ellipse((10, 10, 50, 40), fill=(0, 255, 0), outline=(0, 0, 255))
draw.polygon([(5, 40), (30, 5), (60, 44)], outline=(9, 9, 9))
draw.text((3, 3), "Text", fill=(255, 255, 0))
print(short(image), image.getpixel((20, 20)), image.getbbox(), image.getcolors(9999)[:3], image.getextrema())
for mode in "1", "L", "P", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F", "I;16", "XX":
    print(mode, outcome(image.convert, mode))
for name in ["FLIP_LEFT_RIGHT", "ROTATE_90", "TRANSPOSE"]:
    print(name, outcome(image.transpose, getattr(Image.Transpose, name)))
for filter in Image.Resampling:
    print(filter, outcome(image.resize, (31, 17), filter), outcome(image.rotate, 33, filter))
for filter in [ImageFilter.BLUR, ImageFilter.GaussianBlur(2), ImageFilter.MedianFilter(3), ImageFilter.UnsharpMask(), ImageFilter.ModeFilter(3),
               ImageFilter.Color3DLUT.generate(5, lambda r, g, b: (g, b, r))]:
    print(type(filter).__name__, outcome(image.filter, filter))
for format in ["PNG", "JPEG", "GIF", "BMP", "PPM", "TIFF", "PCX", "TGA", "SGI", "IM", "XBM", "EPS", "DDS"]:
    out = io.BytesIO()
    said = outcome((image.convert("1") if format == "XBM" else image).save, out, format)
    out.seek(0)
    print(format, said, outcome(lambda: Image.open(out).convert("RGB")) if format != "EPS" else len(out.getvalue()) > 0)
    bad = io.BytesIO(out.getvalue()[:len(out.getvalue()) // 2])
    print(format, outcome(lambda: Image.open(bad).load()) if format not in ("EPS", "PPM") else "")
print(outcome(ImageOps.autocontrast, image), outcome(ImageOps.equalize, image), outcome(ImageChops.add, image, image), outcome(image.quantize, 16))
gray = image.convert("L")
print(outcome(ImageMath.lambda_eval, lambda args: args["convert"](args["a"] * 2 + 1, "L"), a=gray))
lut = ImageMorph.LutBuilder(op_name="corner").build_lut()
changed, marks = ImageMorph.MorphOp(lut=lut).apply(gray)
print(changed, short(marks), gray.histogram()[:20], gray.point(lambda v: 255 - v).getpixel((1, 1)))
path = ImagePath.Path([(1, 2), (3, 4), (5, 6)])
path.map(lambda x, y: (x + 1, y * 2))
print(list(path), path[1], path[0:2][0], len(path), path.getbbox(), path.tolist(1), outcome(lambda: path[9]), outcome(ImagePath.Path, "x"), path.compact(1))
pixels = image.load()
pixels[0, 0] = (1, 2, 3)
print(pixels[0, 0], outcome(lambda: pixels[99, 0]), outcome(lambda: pixels.__setitem__((0, 0), "x")), type(image.im).__name__, len(image.im), image.im[0])
print(outcome(Image.frombytes, "L", (4, 4), b"x" * 16), outcome(Image.frombytes, "L", (4, 4), b"x"), outcome(Image.frombuffer, "L", (4, 4), b"y" * 16, "raw", "L", 0, 1))
print(outcome(Image.new, "L", (-1, 1)), outcome(Image.merge, "RGB", image.split()), outcome(Image.blend, image, image.rotate(90), 0.5), outcome(image.transform, (9, 9), Image.Transform.AFFINE, (1, 0, 1, 0, 1, 1)))
print(features.check("jpg"), features.check("zlib"), outcome(image.paste, (1, 1, 1), (0, 0, 5, 5), gray.crop((0, 0, 5, 5))), short(image), outcome(image.effect_spread, 0), outcome(image.reduce, 3))
watched = sys.getrefcount(type(image.im))
for _ in range(100):
    image.resize((5, 5)).load()
print(abs(sys.getrefcount(type(image.im)) - watched) < 5)
