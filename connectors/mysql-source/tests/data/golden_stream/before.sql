-- base
SET time_zone='+00:00';
DROP DATABASE IF EXISTS it_golden;
CREATE DATABASE it_golden CHARACTER SET utf8mb4;
USE it_golden;
CREATE TABLE book (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  title VARCHAR(255) NOT NULL,
  author VARCHAR(255),
  price DECIMAL(10,2),
  published DATE,
  created_ts DATETIME,
  updated TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);
INSERT INTO book(title,author,price,published,created_ts,updated) VALUES
 ('The Pragmatic Programmer','Hunt & Thomas',39.95,'1999-10-30','2020-01-02 03:04:05','2020-01-02 03:04:05'),
 ('Дюна','Frank Herbert',0.00,'1965-08-01','2020-01-02 03:04:06','2020-01-02 03:04:06'),
 ('emoji 😀 "quoted" \\ back\nline',NULL,NULL,NULL,NULL,'2020-01-02 03:04:07'),
 ('negative','x',-99999999.99,'0001-01-01','1000-01-01 00:00:00','1970-01-01 00:00:01'),
 ('max','y',99999999.99,'9999-12-31','9999-12-31 23:59:59','2038-01-19 03:14:07');
CREATE TABLE customers (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  first_name VARCHAR(255) NOT NULL,
  last_name VARCHAR(255) NOT NULL,
  email VARCHAR(255) NOT NULL UNIQUE) AUTO_INCREMENT=1001;
INSERT INTO customers VALUES (1001,'Sally','Thomas','sally.thomas@acme.com'),(1002,'George','Bailey','gbailey@foobar.com'),
 (1003,'Edward','Walker','ed@walker.com'),(1004,'Anne','Kretchmar','annek@noanswer.org');

-- types
USE it_golden; SET time_zone='+00:00'; SET sql_mode='';
CREATE TABLE all_types (
  id INT NOT NULL PRIMARY KEY,
  c_tiny TINYINT, c_tiny_u TINYINT UNSIGNED, c_tiny1 TINYINT(1), c_tiny1_u TINYINT(1) UNSIGNED,
  c_small SMALLINT, c_small_u SMALLINT UNSIGNED,
  c_medium MEDIUMINT, c_medium_u MEDIUMINT UNSIGNED,
  c_int INT, c_int_u INT UNSIGNED, c_int_zf INT(5) ZEROFILL, c_int11 INT(11),
  c_big BIGINT, c_big_u BIGINT UNSIGNED,
  c_dec DECIMAL(10,2), c_dec_big DECIMAL(65,30), c_dec50 DECIMAL(5,0), c_dec_plain DECIMAL, c_dec_u DECIMAL(10,2) UNSIGNED, c_num NUMERIC(8,4),
  c_float FLOAT, c_float73 FLOAT(7,3), c_float24 FLOAT(24), c_float53 FLOAT(53), c_float_u FLOAT UNSIGNED,
  c_double DOUBLE, c_double205 DOUBLE(20,5), c_real REAL, c_double_u DOUBLE UNSIGNED,
  c_bit1 BIT(1), c_bit BIT, c_bit10 BIT(10), c_bit64 BIT(64), c_bool BOOL,
  c_date DATE, c_time TIME, c_time3 TIME(3), c_time6 TIME(6),
  c_dt DATETIME, c_dt3 DATETIME(3), c_dt6 DATETIME(6),
  c_ts TIMESTAMP NULL, c_ts3 TIMESTAMP(3) NULL, c_ts6 TIMESTAMP(6) NULL,
  c_year YEAR,
  c_char CHAR(10), c_char_bin CHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, c_nchar NCHAR(10),
  c_varchar VARCHAR(50), c_varchar_l1 VARCHAR(50) CHARACTER SET latin1, c_varchar_u3 VARCHAR(50) CHARACTER SET utf8, c_varchar_u16 VARCHAR(50) CHARACTER SET utf16, c_varchar_sjis VARCHAR(50) CHARACTER SET sjis, c_varchar_ascii VARCHAR(50) CHARACTER SET ascii,
  c_tinytext TINYTEXT, c_text TEXT, c_mediumtext MEDIUMTEXT, c_longtext LONGTEXT,
  c_binary BINARY(5), c_varbinary VARBINARY(10), c_tinyblob TINYBLOB, c_blob BLOB, c_mediumblob MEDIUMBLOB, c_longblob LONGBLOB,
  c_json JSON, c_enum ENUM('a','b','c''d','e,f'), c_set SET('x','y','z'),
  c_pad INT, c_gen_v INT AS (c_int + 1) VIRTUAL, c_gen_s VARCHAR(60) AS (concat(c_varchar,'!')) STORED
) DEFAULT CHARSET=utf8mb4;
INSERT INTO all_types(id) VALUES (1);
INSERT INTO all_types(id,c_tiny,c_tiny_u,c_tiny1,c_tiny1_u,c_small,c_small_u,c_medium,c_medium_u,c_int,c_int_u,c_int_zf,c_int11,c_big,c_big_u,
 c_dec,c_dec_big,c_dec50,c_dec_plain,c_dec_u,c_num,c_float,c_float73,c_float24,c_float53,c_float_u,c_double,c_double205,c_real,c_double_u,
 c_bit1,c_bit,c_bit10,c_bit64,c_bool,c_date,c_time,c_time3,c_time6,c_dt,c_dt3,c_dt6,c_ts,c_ts3,c_ts6,c_year,c_char,c_char_bin,c_nchar,c_varchar,c_varchar_l1,c_varchar_u3,c_varchar_u16,c_varchar_sjis,c_varchar_ascii,
 c_tinytext,c_text,c_mediumtext,c_longtext,c_binary,c_varbinary,c_tinyblob,c_blob,c_mediumblob,c_longblob,c_json,c_enum,c_set) VALUES
 (2,-128,0,0,0,-32768,0,-8388608,0,-2147483648,0,0,-1,-9223372036854775808,0,
  -99999999.99,-99999999999999999999999999999999999.999999999999999999999999999999,-99999,-9999999999,0,-9999.9999,-3.40282e38,-9999.999,-1.17549e-38,-1.7976931348623157e308,0,-1.7976931348623157e308,-999999999999999.99999,-2.2250738585072014e-308,0,
  b'0',b'0',b'0',b'0',false,'1000-01-01','-838:59:59','-838:59:59.000','-838:59:59.000000','1000-01-01 00:00:00','1000-01-01 00:00:00.000','1000-01-01 00:00:00.000000','1970-01-01 00:00:01','1970-01-01 00:00:01.000','1970-01-01 00:00:01.000000',1901,'','','','','','','','','',
  '','','','','','','','','','','null','a',''),
 (3,127,255,1,1,32767,65535,8388607,16777215,2147483647,4294967295,99999,2147483647,9223372036854775807,18446744073709551615,
  99999999.99,99999999999999999999999999999999999.999999999999999999999999999999,99999,9999999999,99999999.99,9999.9999,3.40282e38,9999.999,1.17549e-38,1.7976931348623157e308,3.40282e38,1.7976931348623157e308,999999999999999.99999,2.2250738585072014e-308,1e10,
  b'1',b'1',b'1111111111',b'1111111111111111111111111111111111111111111111111111111111111111',true,'9999-12-31','838:59:59','838:59:59.000','838:59:59.000000','9999-12-31 23:59:59','9999-12-31 23:59:59.999','9999-12-31 23:59:59.999999','2038-01-19 03:14:07','2038-01-19 03:14:07.999','2038-01-19 03:14:07.999999',2155,
  'zzzzzzzzzz','ZZZZZZZZZZ','zzzzzzzzzz',repeat('ж',50),repeat(_latin1 0xE9,50),repeat('й',50),repeat('é',50),'テスト','~~~',
  repeat('t',255),repeat('T',1000),repeat('m',300),repeat('L',300),0xFFFFFFFFFF,0xFFFFFFFFFFFFFFFFFFFF,repeat(0xFF,255),repeat(0xAB,1000),repeat(0x00,300),repeat(0x01,300),
  '{"a":1,"b":[1,2.5,null,true,false,"x"],"c":{"d":"é😀"},"big":18446744073709551615,"neg":-9223372036854775808,"dbl":1e100,"e":"","f":[],"g":{}}','e,f','x,y,z'),
 (4,42,200,5,2,1234,40000,123456,9000000,123456789,3000000000,42,7,1234567890123,10000000000000000000,
  123.40,1.5,12,12345,0.01,3.1416,3.14159,3.142,0.1,0.1,0.5,2.718281828459045,12345.67891,0.1,0.25,
  b'1',b'0',b'0101010101',b'1000000000000000000000000000000000000000000000000000000000000001',true,'2020-02-29','12:34:56','12:34:56.789','12:34:56.789012','2020-02-29 12:34:56','2020-02-29 12:34:56.789','2020-02-29 12:34:56.789012','2020-02-29 12:34:56','2020-02-29 12:34:56.789','2020-02-29 12:34:56.789012',2020,
  'pad','Pad  ','nchar','héllo wörld 😀','caf\u00e9','привет','utf16 Ω','漢字','plain ascii',
  'tiny\ttab','text with "quotes" and \\ and \n newline','medium','long 😀',0x0102,0x010200,'tb',0x00FF10,'mb','lb',
  '[1, "two", {"three": 3}, 1.0, 1e5, "2020-01-01"]','c''d','x,z'),
 (5,-1,1,-1,255,-1,1,-1,1,-1,1,1,1,-1,1,-0.01,-0.000000000000000000000000000001,-1,0,1.10,-0.5,-0.0,1.005,16777217,16777217,1e-10,-0.0,1.000005,1e22,123456789.123456789,
  b'0',b'1',b'1',b'1',2,'0001-01-01','-00:00:01','-00:00:00.001','-00:00:00.000001','1969-12-31 23:59:59','1969-12-31 23:59:59.999','1969-12-31 23:59:59.999999','2001-09-09 01:46:40','2001-09-09 01:46:40.001','2001-09-09 01:46:40.000001',1970,
  '  lead','trail  ',' ',' ',' ',' ',' ',' ',' ',' ',' ',' ',' ',0x20,0x20,0x20,0x20,0x20,0x20,'"str"','b','y');
INSERT INTO all_types(id,c_json) VALUES (6,'true'),(7,'-12.50'),(8,'{"dup":1,"dup":2,"z":1,"aa":2,"b":3}'),
  (9,JSON_OBJECT('dec',CAST(1.10 AS DECIMAL(10,2)),'date',CAST('2020-01-02' AS DATE),'time',CAST('10:11:12.5' AS TIME(1)),'dt',CAST('2020-01-02 03:04:05.678901' AS DATETIME(6)),'bin',CAST('abc' AS BINARY),'u',CAST(18446744073709551615 AS UNSIGNED))),
  (10,CAST(CAST('2020-01-02' AS DATE) AS JSON));
CREATE TABLE zero_dates (
  id INT NOT NULL PRIMARY KEY,
  d DATE, d_nn DATE NOT NULL, dt DATETIME, dt_nn DATETIME NOT NULL, dt6 DATETIME(6), dt6_nn DATETIME(6) NOT NULL,
  ts TIMESTAMP NULL, ts_nn TIMESTAMP NOT NULL, t TIME, y YEAR, y_nn YEAR NOT NULL);
INSERT INTO zero_dates VALUES
 (1,'0000-00-00','0000-00-00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','00:00:00',0000,0000),
 (2,'2020-00-00','2020-01-00','2020-00-00 10:00:00','2020-01-00 10:00:00','2020-00-00 10:00:00.5','2020-01-00 10:00:00.5',NULL,'2020-01-01 00:00:00',NULL,NULL,'70'),
 (3,'2020-02-30','0000-01-01','0000-01-01 00:00:00','0000-01-01 00:00:01','0000-01-01 00:00:00','0000-01-01 00:00:00',NULL,'1970-01-01 00:00:01','24:00:00','69','99');
CREATE TABLE all_defaults (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  d_tiny TINYINT NOT NULL DEFAULT 5, d_tiny1 TINYINT(1) NOT NULL DEFAULT 1, d_bool BOOL DEFAULT TRUE, d_int INT DEFAULT -7, d_int_u INT UNSIGNED DEFAULT 4294967295, d_big_u BIGINT UNSIGNED NOT NULL DEFAULT 18446744073709551615, d_big BIGINT DEFAULT 9223372036854775807,
  d_dec DECIMAL(10,3) NOT NULL DEFAULT 12.345, d_float FLOAT DEFAULT 1.5, d_double DOUBLE DEFAULT 2.25,
  d_bit BIT(1) DEFAULT b'1', d_bit10 BIT(10) DEFAULT b'101',
  d_date DATE DEFAULT '2020-01-02', d_time TIME DEFAULT '10:11:12', d_time3 TIME(3) DEFAULT '10:11:12.345', d_dt DATETIME DEFAULT '2020-01-02 03:04:05', d_dt_now DATETIME DEFAULT CURRENT_TIMESTAMP, d_dt6 DATETIME(6) DEFAULT '2020-01-02 03:04:05.678901',
  d_ts TIMESTAMP DEFAULT '2020-01-02 03:04:05', d_ts_now TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), d_year YEAR DEFAULT 2020,
  d_date0 DATE NOT NULL DEFAULT '0000-00-00', d_dt0 DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', d_ts0 TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00',
  d_char CHAR(3) DEFAULT 'abc', d_varchar VARCHAR(20) NOT NULL DEFAULT 'it''s "q"', d_empty VARCHAR(5) NOT NULL DEFAULT '', d_bin BINARY(3) DEFAULT 'ab', d_varbin VARBINARY(3) DEFAULT 'ab',
  d_enum ENUM('a','b') NOT NULL DEFAULT 'b', d_set SET('x','y') DEFAULT 'x,y', d_null INT DEFAULT NULL, d_expr INT DEFAULT (1+1), d_uuid VARCHAR(36) DEFAULT (uuid()), nn_nodefault INT NOT NULL COMMENT 'a comment') COMMENT='table comment';
INSERT INTO all_defaults(id,d_dt_now,d_ts_now,d_uuid,nn_nodefault) VALUES (1,'2020-01-02 03:04:05','2020-01-02 03:04:05.006','00000000-0000-0000-0000-000000000001',0),(2,NULL,NULL,NULL,1);
CREATE TABLE geo (id INT NOT NULL PRIMARY KEY, g GEOMETRY, p POINT, ls LINESTRING, pg POLYGON, mp MULTIPOINT, mls MULTILINESTRING, mpg MULTIPOLYGON, gc GEOMETRYCOLLECTION, p4326 POINT SRID 4326);
INSERT INTO geo VALUES (1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
 (2,ST_GeomFromText('POINT(1 2)'),ST_GeomFromText('POINT(1.5 -2.5)'),ST_GeomFromText('LINESTRING(0 0,1 1,2 3)'),ST_GeomFromText('POLYGON((0 0,0 5,5 5,5 0,0 0),(1 1,1 2,2 2,2 1,1 1))'),ST_GeomFromText('MULTIPOINT(0 0,1 1)'),ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3))'),ST_GeomFromText('MULTIPOLYGON(((0 0,0 1,1 1,0 0)),((5 5,5 6,6 6,5 5)))'),ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))'),ST_GeomFromText('POINT(52.5 13.4)',4326));
CREATE TABLE no_pk (a INT, b VARCHAR(10)); INSERT INTO no_pk VALUES (1,'x'),(1,'x'),(NULL,NULL);
CREATE TABLE uk_only (a INT NOT NULL, b VARCHAR(10) NOT NULL, c INT, UNIQUE KEY k1(a,b)); INSERT INTO uk_only VALUES (1,'x',1);
CREATE TABLE pk_multi (k2 VARCHAR(10) NOT NULL, k1 BIGINT UNSIGNED NOT NULL, k3 DATE NOT NULL, v INT, PRIMARY KEY(k1,k2,k3)); INSERT INTO pk_multi VALUES ('a',18446744073709551615,'2020-01-01',1),('b',1,'2020-01-02',2);
CREATE TABLE pk_dec (k DECIMAL(10,2) NOT NULL PRIMARY KEY, v INT); INSERT INTO pk_dec VALUES (1.10,1),(-1.10,2);
CREATE TABLE pk_bin (k BINARY(4) NOT NULL PRIMARY KEY, v INT); INSERT INTO pk_bin VALUES (0x00010203,1),('ab',2);
CREATE TABLE pk_dt (k DATETIME(6) NOT NULL PRIMARY KEY, v TIMESTAMP(6) NULL); INSERT INTO pk_dt VALUES ('2020-01-01 00:00:00.000001',NULL);
CREATE TABLE `odd name-€.$x` (`id-1` INT NOT NULL PRIMARY KEY, `Sélect` INT, `with space` VARCHAR(5), `UPPER` INT, `1digit` INT); INSERT INTO `odd name-€.$x` VALUES (1,2,'x',3,4);
CREATE TABLE empty_table (id INT PRIMARY KEY, v VARCHAR(10));
CREATE TABLE types_latin1 (id INT PRIMARY KEY, v VARCHAR(20), t TEXT, e ENUM('é','ü')) DEFAULT CHARSET=latin1; INSERT INTO types_latin1 VALUES (1,'café ü','€uro','ü');
CREATE VIEW v_book AS SELECT id,title FROM book;

